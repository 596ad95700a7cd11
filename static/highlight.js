// Lines of source in, parts with their kind out: comments, strings, numbers, words of the language. Text stays text.
// Every expression looks at a place of the line once, so a line takes as long as it is long.

const words = (text) => new Set(text.split(" "));
const PYTHON = words("and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield None True False self");
const C_LIKE = words("abstract as async await bool boolean break case catch char class const constructor continue default defer delete do double else enum export extends false final finally float fn for from func function go if impl implements import in instanceof int interface let loop long match mod move mut namespace new nil null override package private protected pub public range readonly return self short static struct super switch template this throw throws trait true try type typedef typeof undefined union unsafe unsigned use var void virtual where while yield");
const SHELL = words("if then else elif fi for in do done while until case esac function return local export set unset true false end def class module require begin rescue");
const SQL = words("select from where and or not null insert into values update set delete create table index view join left right inner outer on as group by order limit having distinct primary key references default unique");

const FAMILIES = {
  python: { line: ["#"], block: [['"""', '"""'], ["'''", "'''"]], quotes: "\"'", words: PYTHON, blockIs: "string" },
  c: { line: ["//"], block: [["/*", "*/"]], quotes: "\"'`", words: C_LIKE, blockIs: "comment" },
  rust: { line: ["//"], block: [["/*", "*/"]], quotes: '"', words: C_LIKE, blockIs: "comment" },
  css: { line: [], block: [["/*", "*/"]], quotes: "\"'", words: new Set(), blockIs: "comment" },
  shell: { line: ["#"], block: [], quotes: "\"'", words: SHELL },
  data: { line: ["#"], block: [], quotes: "\"'", words: words("true false null yes no on off") },
  json: { line: [], block: [], quotes: '"', words: words("true false null") },
  sql: { line: ["--"], block: [["/*", "*/"]], quotes: "'\"", words: SQL, blockIs: "comment" },
  markup: { line: [], block: [["<!--", "-->"]], quotes: "\"'", words: new Set(), blockIs: "comment" },
};
const BY_END = {
  python: "py pyi",
  c: "js mjs cjs jsx ts tsx java c h cc cpp hpp cs go kt swift php scala dart proto",
  rust: "rs",
  css: "css scss less",
  shell: "sh bash zsh fish rb pl mk",
  data: "toml yaml yml ini cfg conf properties",
  json: "json jsonl",
  sql: "sql lua hs",
  markup: "html xml svg vue",
};
const FAMILY_OF = new Map(Object.entries(BY_END).flatMap(([family, ends]) => ends.split(" ").map((end) => [end, family])));
const LONGEST = 500;
const WORD = /[A-Za-z_$][\w$]*/y;
const NUMBER = /\d[\w.]*/y;
const PLAIN = /[^A-Za-z_$\d]/y;

export function familyOf(name) {
  const base = name.split("/").at(-1).toLowerCase();
  if (["makefile", "dockerfile"].includes(base)) return FAMILIES.shell;
  return FAMILIES[FAMILY_OF.get(base.includes(".") ? base.split(".").at(-1) : "")] ?? null;
}

// One line: its parts, and the end of the block that it leaves open ("" where none is).
export function partsOf(line, family, open = "") {
  if (!family || line.length > LONGEST) return { parts: [{ kind: "", text: line }], open };
  const parts = [];
  const add = (kind, text) => {
    const last = parts.at(-1);
    if (last?.kind === kind) last.text += text;
    else if (text) parts.push({ kind, text });
  };
  let at = 0;
  const until = (end, kind, from) => {
    const found = line.indexOf(end, from);
    const to = found < 0 ? line.length : found + end.length;
    add(kind, line.slice(at, to));
    at = to;
    return found < 0;
  };
  if (open && until(open, family.blockIs, 0)) return { parts, open };
  while (at < line.length) {
    if (family.line.some((mark) => line.startsWith(mark, at))) {
      add("comment", line.slice(at));
      break;
    }
    const block = family.block.find(([begin]) => line.startsWith(begin, at));
    if (block) {
      if (until(block[1], family.blockIs, at + block[0].length)) return { parts, open: block[1] };
      continue;
    }
    const quote = line[at];
    if (family.quotes.includes(quote)) {
      let to = at + 1;
      while (to < line.length && line[to] !== quote) to += line[to] === "\\" ? 2 : 1;
      add("string", line.slice(at, to + 1));
      at = to + 1;
      continue;
    }
    for (const [expression, kind] of [[WORD, "word"], [NUMBER, "number"], [PLAIN, ""]]) {
      expression.lastIndex = at;
      const found = expression.exec(line)?.[0];
      if (!found) continue;
      add(kind === "word" ? (family.words.has(found) ? "keyword" : "") : kind, found);
      at += found.length;
      break;
    }
  }
  return { parts, open: "" };
}

// What differs between a line and the one that took its place: from where to where, in each; null where all of it does.
export function difference(before, after) {
  let begin = 0;
  const most = Math.min(before.length, after.length);
  while (begin < most && before[begin] === after[begin]) begin += 1;
  let end = 0;
  while (end < most - begin && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  // A word is changed as a whole.
  const inWord = (text, i) => /\w/.test(text[i - 1] ?? "") && /\w/.test(text[i] ?? "");
  while (begin > 0 && (inWord(before, begin) || inWord(after, begin))) begin -= 1;
  while (end > 0 && (inWord(before, before.length - end) || inWord(after, after.length - end))) end -= 1;
  const same = begin + end - (/^\s*/.exec(before)[0].length);
  if (same < 3 || same * 3 < most) return null;
  return { before: [begin, before.length - end], after: [begin, after.length - end] };
}

// The parts cut at the ends of a range; what lies in it is marked.
export function marked(parts, range) {
  if (!range || range[0] >= range[1]) return parts;
  const found = [];
  let at = 0;
  for (const { kind, text } of parts) {
    for (const [from, to] of [[0, range[0]], range, [range[1], Infinity]]) {
      const cut = text.slice(Math.max(0, from - at), Math.max(0, to - at));
      if (cut) found.push({ kind, text: cut, isMarked: from === range[0] && to === range[1] });
    }
    at += text.length;
  }
  return found;
}
