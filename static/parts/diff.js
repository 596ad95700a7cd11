// What has changed in the target: by file, with line numbers, from milestone to milestone, reviewers' points in place.
import { signal } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";
import { html } from "/static/html.js";
import { read } from "/static/actions.js";
import { clock, momentName } from "/static/format.js";
import { difference, familyOf, marked, partsOf } from "/static/highlight.js";
import { change, connection, range, recent, reviews, session } from "/static/store.js";

const EVERY_MS = 3000;
const MOST_LINES = 3000;
const wanted = signal({ since: "", until: "", file: "" });

// Other parts lead here: "last" is since the last review, "all" since the session began.
export function openChange(since, file = "") {
  wanted.value = { since: since === "all" ? "" : since, until: "", file };
  document.getElementById("diff-title")?.scrollIntoView({ block: "start" });
}

// What git notes above a file's lines, in words; the mode is told where a program looks at it.
const noteOf = (line) => {
  const found = /^(new|deleted) file mode (\d+)$/.exec(line);
  if (!found) return line;
  return found[1] === "deleted" ? "deleted" : { 100755: "new, executable", 120000: "new, a symbolic link" }[found[2]] ?? "new";
};

// A unified diff as files with their lines, each with its number before and after.
function parse(text) {
  const files = [];
  let file = null;
  let before = 0;
  let after = 0;
  for (const line of text.split("\n").slice(0, MOST_LINES)) {
    if (line.startsWith("diff --git")) {
      file = { name: line, notes: [], lines: [] };
      files.push(file);
    } else if (file === null) continue;
    else if (line.startsWith("+++ ") && !file.lines.length) {
      if (!line.startsWith("+++ /dev/null")) file.name = line.slice(4).replace(/^"?b\//, "").replace(/"$/, "");
    } else if (line.startsWith("--- ") && !file.lines.length) {
      if (!line.startsWith("--- /dev/null")) file.name = line.slice(4).replace(/^"?a\//, "").replace(/"$/, "");
    } else if (line.startsWith("@@")) {
      const found = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line);
      before = Number(found?.[1] ?? 0);
      after = Number(found?.[2] ?? 0);
      file.lines.push({ kind: "hunk", text: line });
    } else if (!file.lines.length) {
      if (line && !line.startsWith("index ")) file.notes.push(noteOf(line));
    } else if (line.startsWith("+")) file.lines.push({ kind: "add", text: line.slice(1), after: after++ });
    else if (line.startsWith("-")) file.lines.push({ kind: "del", text: line.slice(1), before: before++ });
    else if (line.startsWith(" ")) file.lines.push({ kind: "", text: line.slice(1), before: before++, after: after++ });
    else if (line) file.lines.push({ kind: "note", text: line });
  }
  for (const one of files) if (one.name.startsWith("diff --git")) one.name = one.name.replace(/^diff --git "?a\/(.*?)"? "?b\/.*$/, "$1");
  for (const one of files) colour(one);
  return files;
}

// Each line's parts, and of a line that took another one's place what differs.
function colour(file) {
  const family = familyOf(file.name);
  let open = { before: "", after: "" };
  for (const line of file.lines) {
    if (line.kind === "hunk") open = { before: "", after: "" };
    if (line.kind === "hunk" || line.kind === "note") continue;
    const side = line.kind === "del" ? "before" : "after";
    const told = partsOf(line.text, family, open[side]);
    line.parts = told.parts;
    open = line.kind ? { ...open, [side]: told.open } : { before: told.open, after: told.open };
  }
  for (let i = 0; i < file.lines.length; ) {
    const run = (kind, from) => {
      let to = from;
      while (file.lines[to]?.kind === kind) to += 1;
      return to;
    };
    const middle = run("del", i);
    const end = run("add", middle);
    // Of a block that was rewritten nobody can say which line became which.
    if (middle > i && middle - i === end - middle)
      for (let k = 0; k < middle - i; k += 1) {
        const [gone, come] = [file.lines[i + k], file.lines[middle + k]];
        const differs = difference(gone.text, come.text);
        if (!differs) continue;
        gone.parts = marked(gone.parts, differs.before);
        come.parts = marked(come.parts, differs.after);
      }
    i = Math.max(end, i + 1);
  }
}

const SIGN = { add: "+", del: "−" };

function Line({ line }) {
  const text = line.parts?.map(({ kind, text, isMarked }) => (kind || isMarked ? html`<b class=${`${kind ? `token-${kind}` : ""}${isMarked ? " is-changed" : ""}`}>${text}</b>` : text)) ?? line.text;
  return html`<div class=${`line ${line.kind}`}><i>${line.before ?? ""}</i><i>${line.after ?? ""}</i><i class="sign">${SIGN[line.kind] ?? ""}</i><span>${text}</span></div>`;
}

// What reviewers said that names the file, with the line where they name one.
function pointsAbout(name) {
  const short = name.split("/").at(-1);
  const quoted = (words) => words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const named = new RegExp(`(^|[^\\w./-])(${quoted(name)}|${quoted(short)})(?![\\w/-])(?::(\\d+))?`);
  const found = [];
  for (const review of Object.values(reviews.value))
    for (const answer of review.answers)
      for (const text of answer.points.length ? answer.points : [answer.summary]) {
        const there = text && answer.reviewer !== "orchestrator" && named.exec(text);
        if (!there) continue;
        found.push({ who: answer.reviewer, verdict: answer.verdict, review: review.id, text, line: there[3] ? Number(there[3]) : null });
      }
  return found;
}

const Point = ({ point }) => html`<p class="point"><b>${point.who}</b> <span class=${`badge verdict-${point.verdict}`}>${point.verdict}</span> ${point.text} <span class="quiet">(${point.review})</span></p>`;

function File({ file, figures, open }) {
  const points = pointsAbout(file.name);
  const at = new Map();
  const shown = new Set(file.lines.map((line) => line.after));
  for (const point of points) if (point.line && shown.has(point.line)) at.set(point.line, [...(at.get(point.line) ?? []), point]);
  const loose = points.filter((point) => !point.line || !shown.has(point.line));
  return html`<details class="file" open=${open} id=${`file-${file.name}`}>
    <summary><code>${file.name}</code> ${figures && html`<span class="add">+${figures.insertions}</span> <span class="del">−${figures.deletions}</span>`} ${file.notes.length > 0 && html`<span class="quiet">${file.notes.join("; ")}</span>`} ${points.length > 0 && html`<span class="badge verdict-concerns">${points.length} point${points.length === 1 ? "" : "s"}</span>`}</summary>
    ${loose.map((point) => html`<${Point} point=${point} />`)}
    ${file.lines.length > 0 && html`<div class="code" tabindex="0" role="region" aria-label=${`Difference of ${file.name}`}><div class="diff">
      ${file.lines.map((line) => html`<${Line} line=${line} />${at.get(line.after)?.map((point) => html`<${Point} point=${point} />`)}`)}
    </div></div>`}
  </details>`;
}

const sizeOf = (figures) => (figures ? figures.insertions + figures.deletions : 0);

// In the order of the map beside it.
const largestFirst = (files, figures) => [...files].sort((a, b) => sizeOf(figures.get(b.name)) - sizeOf(figures.get(a.name)));

// Where the change is: a bar a file, the largest first.
function Map_({ figures }) {
  const most = Math.max(1, ...figures.map((one) => one.insertions + one.deletions));
  const sorted = [...figures].sort((a, b) => b.insertions + b.deletions - a.insertions - a.deletions).slice(0, 40);
  return html`<ul class="change-map" aria-label="Lines changed, by file">
    ${sorted.map((one) => html`<li key=${one.path}><button type="button" class="link" title=${one.path} onClick=${() => openChange(wanted.value.since || "all", one.path)}>${one.path.includes("/") ? html`<span class="folder">${one.path.slice(0, one.path.lastIndexOf("/") + 1)}</span>` : ""}<span class="base">${one.path.split("/").at(-1)}</span></button>
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="fill-add" x="0" y="0" height="8" width=${(one.insertions / most) * 100} /><rect class="fill-del" x=${(one.insertions / most) * 100} y="0" height="8" width=${(one.deletions / most) * 100} /></svg>
      <span class="figure"><span class="add">+${one.insertions}</span> <span class="del">−${one.deletions}</span></span></li>`)}
  </ul>`;
}

// A choice on the axis of time is from the last moment recorded before it to the first one after it.
function between(moments, chosen) {
  if (!chosen || !moments?.length) return null;
  const timed = moments.filter((one) => one.at).map((one) => ({ label: one.label, at: Date.parse(one.at) }));
  const since = timed.filter((one) => one.at <= chosen.from).at(-1);
  const until = timed.find((one) => one.at >= chosen.to);
  return since ? { since: since.label, until: until?.label ?? "" } : null;
}

// What has changed since the last review, for whoever has to decide about it; looked at once there has been one.
function useRecent(id, live, connected, milestones) {
  useEffect(() => {
    if (!id || !connected || !milestones) return undefined;
    let gone = false;
    const look = async () => {
      if (document.visibilityState === "hidden") return;
      try {
        const found = await read("/api/diff", { since: "last" });
        if (!gone) recent.value = found.problem ? null : { files: found.figures, insertions: found.insertions, deletions: found.deletions, since: found.since };
      } catch {
        if (!gone) recent.value = null; // the whole of the change says why
      }
    };
    look();
    const timer = live ? setInterval(look, 2 * EVERY_MS) : 0;
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [id, live, connected, milestones]);
}

export function Diff() {
  const [problem, setProblem] = useState("");
  const [isOpen, setOpen] = useState(true);
  const diff = change.value;
  const id = session.value?.id;
  const live = Boolean(session.value?.live);
  const connected = connection.value.state === "live";
  const chosen = between(diff?.moments, range.value) ?? wanted.value;
  const { since, until } = chosen;
  useEffect(() => {
    if (!isOpen || !id || !connected) return undefined;
    let gone = false;
    const look = async () => {
      if (document.visibilityState === "hidden") return;
      try {
        const found = await read("/api/diff", { ...(since ? { since } : {}), ...(until ? { until } : {}) });
        if (gone) return;
        change.value = found;
        setProblem(found.problem ?? "");
      } catch (error) {
        if (!gone) setProblem(error.message);
      }
    };
    look();
    const timer = live && !until ? setInterval(look, EVERY_MS) : 0;
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [id, isOpen, live, connected, since, until]);
  useEffect(() => {
    if (wanted.value.file) document.getElementById(`file-${wanted.value.file}`)?.scrollIntoView({ block: "nearest" });
  }, [wanted.value.file, diff]);
  const toggle = (event) => {
    event.preventDefault();
    setOpen(!isOpen);
  };
  useRecent(id, live, connected, Object.keys(reviews.value).length);
  const text = diff?.text ?? "";
  const files = useMemo(() => parse(text), [text]);
  const figures = new Map((diff?.figures ?? []).map((one) => [one.path, one]));
  const moments = (diff?.moments ?? []).filter((one, i, all) => all.findIndex((other) => other.label === one.label) === i);
  const choose = (name) => (event) => {
    range.value = null;
    wanted.value = { ...wanted.value, [name]: event.currentTarget.value, file: "" };
  };
  const isCut = diff && (diff.is_cut || diff.text.split("\n").length > MOST_LINES);
  return html`<section aria-labelledby="diff-title" class="changes">
    <details open=${isOpen}>
      <summary onClick=${toggle}>
        <h2 id="diff-title">Changes in the target</h2>
        ${diff && diff.files.length > 0 && html`<span class="quiet">${diff.files.length} file${diff.files.length === 1 ? "" : "s"} <span class="add">+${diff.insertions}</span> <span class="del">−${diff.deletions}</span>, ${diff.of}</span>`}
      </summary>
      ${moments.length > 1 && html`<div class="filters">
        <label>From <select value=${since} onChange=${choose("since")}><option value="">the beginning</option><option value="last">the last review</option>${moments.map((one) => html`<option value=${one.label}>${momentName(one.label)}${one.at ? `, ${clock(one.at)}` : ""}</option>`)}</select></label>
        <label>to <select value=${until} onChange=${choose("until")}><option value="">${live ? "now" : "the end"}</option>${moments.map((one) => html`<option value=${one.label}>${momentName(one.label)}${one.at ? `, ${clock(one.at)}` : ""}</option>`)}</select></label>
        ${range.value && html`<p class="quiet">As chosen on the axis of time.</p>`}
      </div>`}
      ${problem && html`<p class="reason">${problem}</p>`}
      ${diff && diff.files.length === 0 && html`<p class="quiet">${diff.of === "nothing yet" ? "Not looked at yet." : "Nothing has changed."}</p>`}
      ${diff && diff.files.length > 0 && html`<div class="by-file">
        <${Map_} figures=${diff.figures ?? []} />
        <div class="files">${largestFirst(files, figures).map((file, i) => html`<${File} key=${file.name} file=${file} figures=${figures.get(file.name)} open=${i < 5 || file.name === wanted.value.file} />`)}</div>
      </div>`}
      ${isCut && html`<p class="quiet">This is not the whole of it: <code>orchestrate diff ${id}</code> shows all.</p>`}
    </details>
  </section>`;
}
