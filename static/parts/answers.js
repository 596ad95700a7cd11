// Questions that are settled: what was asked, what could be chosen, who answered what, from where, when, and what followed.
import { html } from "/static/html.js";
import { clock } from "/static/format.js";
import { session } from "/static/store.js";

function Answer({ settled }) {
  const who = settled.who ? `, ${settled.who}` : "";
  return html`<li>
    <h3>${settled.question || "Consented to beforehand"} ${settled.about && html`<span class="quiet">about ${settled.about}</span>`}</h3>
    <p class="text">${settled.text}</p>
    ${settled.choices.length > 0 && html`<ol class="plain quiet" aria-label="Choices">${settled.choices.map((choice, i) => html`<li>${i + 1}. ${choice}</li>`)}</ol>`}
    <p>
      ${settled.by ? html`<strong>${settled.answer}</strong> <span class="quiet">– from ${settled.by}${who}</span>` : "Nobody answered"}
      <span class="quiet">, <time datetime=${settled.at}>${clock(settled.at, true)}</time></span>
    </p>
    <p>→ ${settled.outcome}</p>
  </li>`;
}

export function Answers() {
  const all = session.value?.settled ?? [];
  if (!all.length) return null;
  return html`<section aria-labelledby="answers-title">
    <h2 id="answers-title">Questions and answers</h2>
    <ul>${all.map((settled) => html`<${Answer} key=${`${settled.question} ${settled.at}`} settled=${settled} />`)}</ul>
  </section>`;
}
