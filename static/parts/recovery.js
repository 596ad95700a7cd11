// Errors that were known, what was done, and exactly what changed in the command line.
import { html } from "/static/html.js";
import { Newest } from "/static/parts/newest.js";
import { near } from "/static/format.js";
import { Long } from "/static/parts/long.js";
import { recoveries, session } from "/static/store.js";

// The longest common run of arguments stays; the rest was taken away or added.
function differences(before, after) {
  const table = Array.from({ length: before.length + 1 }, () => new Array(after.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; i -= 1)
    for (let j = after.length - 1; j >= 0; j -= 1)
      table[i][j] = before[i] === after[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
  const parts = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      parts.push({ kind: "same", text: before[i] });
      i += 1;
      j += 1;
    } else if (j < after.length && (i === before.length || table[i][j + 1] >= table[i + 1][j])) {
      parts.push({ kind: "added", text: after[j] });
      j += 1;
    } else {
      parts.push({ kind: "removed", text: before[i] });
      i += 1;
    }
  }
  return parts;
}

function Argv({ action }) {
  if (!action.argv_after.length) return null;
  return html`<p class="argv" aria-label="Command line: what changed">
    ${differences(action.argv_before, action.argv_after).map(({ kind, text }) =>
      kind === "added" ? html`<ins>${text}</ins> ` : kind === "removed" ? html`<del>${text}</del> ` : html`<span>${text}</span> `,
    )}
  </p>`;
}

export function Recovery() {
  const all = recoveries.value.map((action, i) => ({ action, number: i + 1 })).reverse();
  return html`<section aria-labelledby="recovery-title">
    <h2 id="recovery-title">Recovery</h2>
    ${all.length === 0 && html`<p class="quiet">Nothing had to be recovered.</p>`}
    <${Newest} of="recoveries" titled="recovery-title" items=${all} shown=${({ action, number }) => html`<li key=${number} class="item">
          <h3>${action.worker} <span class="badge">${action.remedy.kind.replaceAll("_", " ")}</span></h3>
          <p>${action.because} <span class="quiet">(rule ${action.rule}, attempt ${action.attempt})</span></p>
          <div class="quote"><${Long} text=${near(action.error, session.value)} /></div>
          <${Argv} action=${action} />
          ${action.env_added.length > 0 && html`<p>Environment added: ${action.env_added.map((name) => html`<ins>${name}</ins> `)}</p>`}
          ${action.suggestions.length > 0 && html`<ul>${action.suggestions.map((text) => html`<li>${text}</li>`)}</ul>`}
        </li>`} />
  </section>`;
}
