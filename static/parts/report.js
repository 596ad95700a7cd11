// The report of a session that has ended, its Markdown drawn as what it means.
import { useEffect, useState } from "preact/hooks";
import { html } from "/static/html.js";
import { read } from "/static/actions.js";
import { isOver } from "/static/format.js";
import { session } from "/static/store.js";

// Code, strong words, and what a backslash keeps from being markup; links are not made of what agents wrote.
function inline(text) {
  const parts = [];
  const pattern = /(`+)([\s\S]*?)\1|\*\*([^*]+)\*\*|\\([!-/:-@[-`{-~])/g;
  let last = 0;
  for (const found of text.matchAll(pattern)) {
    if (found.index > last) parts.push(text.slice(last, found.index));
    if (found[1]) parts.push(html`<code>${found[2].trim()}</code>`);
    else if (found[3]) parts.push(html`<strong>${found[3]}</strong>`);
    else parts.push(found[4]);
    last = found.index + found[0].length;
  }
  parts.push(text.slice(last));
  return parts;
}

const cells = (line) => line.replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => inline(cell.trim()));

export function rendered(text) {
  const blocks = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; ) {
    const line = lines[i];
    const fence = /^(\s*)(`{3,}|~{3,})/.exec(line);
    if (fence) {
      const end = lines.findIndex((one, k) => k > i && one.trim().startsWith(fence[2]) && !one.trim().replaceAll(fence[2][0], ""));
      const last = end < 0 ? lines.length : end;
      blocks.push(html`<pre tabindex="0">${lines.slice(i + 1, last).join("\n")}</pre>`);
      i = last + 1;
      continue;
    }
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    if (heading) {
      const level = Math.min(6, heading[1].length + 2);
      blocks.push(html`<${`h${level}`}>${inline(heading[2])}<//>`);
      i += 1;
      continue;
    }
    if (/^\|.*\|\s*$/.test(line)) {
      const rows = [];
      while (i < lines.length && /^\|.*\|\s*$/.test(lines[i])) rows.push(lines[i++]);
      const body = rows.filter((row) => !/^\|[\s:|-]+\|$/.test(row.trim()));
      const names = cells(body[0]);
      blocks.push(html`<div class="scrolls" tabindex="0"><table class="stacked"><thead><tr>${names.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead><tbody>${body.slice(1).map((row) => html`<tr>${cells(row).map((cell, i) => html`<td class=${i ? "" : "whole"} data-label=${i ? names[i] : undefined}>${cell}</td>`)}</tr>`)}</tbody></table></div>`);
      continue;
    }
    if (/^\s*([-*]|\d+\.)\s+/.test(line)) {
      const items = [];
      while (i < lines.length && (/^\s*([-*]|\d+\.)\s+/.test(lines[i]) || (/^\s+\S/.test(lines[i]) && items.length))) {
        const found = /^(\s*)([-*]|\d+\.)\s+(.*)$/.exec(lines[i]);
        if (found) items.push({ depth: Math.min(4, Math.floor(found[1].length / 2)), text: found[3] });
        else items.at(-1).text += ` ${lines[i].trim()}`;
        i += 1;
      }
      blocks.push(html`<ul>${items.map((item) => html`<li class=${`depth-${item.depth}`}>${inline(item.text)}</li>`)}</ul>`);
      continue;
    }
    if (!line.trim()) {
      i += 1;
      continue;
    }
    const paragraph = [];
    while (i < lines.length && lines[i].trim() && !/^(#{1,6}\s|\||\s*([-*]|\d+\.)\s|\s*(```|~~~))/.test(lines[i])) paragraph.push(lines[i++]);
    if (!paragraph.length) paragraph.push(lines[i++]);
    blocks.push(html`<p>${inline(paragraph.join(" "))}</p>`);
  }
  return blocks;
}

export function Report() {
  const [text, setText] = useState("");
  const shown = session.value;
  const over = isOver(shown);
  useEffect(() => {
    setText("");
    if (over) read("/api/report").then(setText, (error) => setText(`There is no report: ${error.message}.`));
  }, [shown.id, over]);
  if (!over) return null;
  return html`<section aria-labelledby="report-title">
    <details>
      <summary><h2 id="report-title">Report</h2></summary>
      <div class="report" tabindex="0" role="region" aria-label="Text of the report">${rendered(text)}</div>
    </details>
  </section>`;
}
