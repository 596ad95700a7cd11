// What a text names that the page can show: entries of the journal, reviews, files that have changed.
import { computed } from "@preact/signals";
import { html } from "/static/html.js";
import { openChange } from "/static/parts/diff.js";
import { change, chronicle, reviews, showEntry } from "/static/store.js";

const MOST_FILES = 100;
const quoted = (words) => words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

// The longest first: a name that begins another one's must not take its place.
const files = computed(() => (change.value?.files ?? []).slice(0, MOST_FILES).join("\n"));
const known = computed(() => Object.keys(reviews.value).join("\n"));
const pattern = computed(() => {
  const names = [...files.value.split("\n"), ...known.value.split("\n")].filter(Boolean).sort((a, b) => b.length - a.length);
  const named = names.length ? `(?<![\\w./-])(?<name>${names.map(quoted).join("|")})(?![\\w/-])|` : "";
  return new RegExp(`${named}\\bentr(?:y|ies) (?<entries>\\d+(?:, \\d+)*)`, "g");
});

const parted = new WeakMap();

// The text in parts, each with what it leads to; asked for at every drawing, so kept with what the text belongs to.
export function linked(owner, text) {
  const kept = parted.get(owner);
  if (kept?.pattern === pattern.value) return kept.parts;
  const parts = [];
  let last = 0;
  const add = (from, to, go, said) => {
    if (from > last) parts.push({ text: text.slice(last, from) });
    parts.push({ text: text.slice(from, to), go, said });
    last = to;
  };
  for (const found of text.matchAll(pattern.value)) {
    const { name, entries } = found.groups;
    if (entries) {
      let at = found.index + found[0].length - entries.length;
      for (const number of entries.split(", ")) {
        add(at, at + number.length, () => showEntry(Number(number)), `Entry ${number}`);
        at += number.length + 2;
      }
    } else if (reviews.value[name]) add(found.index, found.index + name.length, () => showEntry(chronicle.value.reviews[name]?.entry ?? null), `Review ${name}`);
    else add(found.index, found.index + name.length, () => openChange("all", name), `What has changed in ${name}`);
  }
  if (last < text.length) parts.push({ text: text.slice(last) });
  parted.set(owner, { pattern: pattern.value, parts });
  return parts;
}

export const Link = ({ part, children }) => html`<button type="button" class="link" title=${part.said} onClick=${part.go}>${children}</button>`;
