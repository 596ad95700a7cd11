// Milestones against reviewers: who said what of which, by which rule that became which decision.
import { html } from "/static/html.js";
import { isOver, words } from "/static/format.js";
import { chronicle, reviews, session, showEntry } from "/static/store.js";

export function Matrix() {
  const all = Object.values(reviews.value);
  if (!all.length) return null;
  const who = [...new Set(all.flatMap((review) => review.answers.map((answer) => answer.reviewer)))];
  return html`<section aria-labelledby="matrix-title" class="matrix">
    <h2 id="matrix-title">Reviews at a glance</h2>
    <div class="scrolls" tabindex="0" role="region" aria-label="Table of reviews"><table class="matrix">
      <thead><tr><th scope="col">Review</th>${who.map((name) => html`<th scope="col">${name}</th>`)}<th scope="col">Rule</th><th scope="col">Decision</th></tr></thead>
      <tbody>${all.map((review) => html`<tr key=${review.id}>
        <th scope="row"><button type="button" class="link" onClick=${() => showEntry(chronicle.value.reviews[review.id]?.entry ?? null)}>${review.id}</button>${review.about ? html` <span class="quiet">of ${review.about}</span>` : ""}</th>
        ${who.map((name) => {
          const answer = review.answers.find((one) => one.reviewer === name);
          return html`<td data-label=${name} class=${answer ? "" : "unsaid"}>${answer ? html`<span class=${`badge verdict-${answer.verdict}`} title=${answer.summary}>${answer.verdict}</span>` : html`<span class="quiet">–</span>`}</td>`;
        })}
        <td data-label="Rule">${review.decision?.rule ?? html`<span class="quiet">${isOver(session.value) ? "not decided: the session ended" : "under review"}</span>`}</td>
        <td data-label="Decision" class=${review.decision ? "" : "unsaid"}>${review.decision ? html`<span class=${`badge action-${review.decision.action}`}>${words(review.decision.action)}</span>` : ""}</td>
      </tr>`)}</tbody>
    </table></div>
  </section>`;
}
