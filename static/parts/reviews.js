// Reviews with their verdicts, and what was decided on them by which rule.
import { html } from "/static/html.js";
import { words } from "/static/format.js";
import { Long } from "/static/parts/long.js";
import { decisions, reviews } from "/static/store.js";

function Answer({ answer }) {
  return html`<li>
    <p>
      <b>${answer.reviewer}</b> <span class=${`badge verdict-${answer.verdict}`}>${answer.verdict}</span>
      ${answer.over_length && html`<span class="quiet">over length: ${answer.words} words</span>`}
    </p>
    ${(answer.problem || answer.summary) && html`<${Long} text=${answer.problem || answer.summary} />`}
    ${answer.points.length > 0 && html`<ul>${answer.points.map((point) => html`<li>${point}</li>`)}</ul>`}
  </li>`;
}

export function Reviews() {
  const all = Object.values(reviews.value).reverse();
  return html`<section aria-labelledby="reviews-title">
    <h2 id="reviews-title">Reviews</h2>
    ${all.length === 0 && html`<p class="quiet">None yet.</p>`}
    <ol class="list" tabindex="0" aria-labelledby="reviews-title">
      ${all.map(
        (review) => html`<li key=${review.id} class="item">
          <h3>${words(review.trigger)} <span class="quiet">${review.id}${review.about ? `, about ${review.about}` : ""}</span></h3>
          <${Long} text=${review.text} />
          <ul class="answers">${review.answers.map((answer) => html`<${Answer} answer=${answer} />`)}</ul>
          <p class="outcome">${review.decision ? html`Decided: <b>${words(review.decision.action)}</b>` : html`<span class="quiet">Under review…</span>`}</p>
        </li>`,
      )}
    </ol>
  </section>`;
}

export function Decisions() {
  const all = decisions.value.map((decision, i) => ({ decision, number: i + 1 })).reverse();
  return html`<section aria-labelledby="decisions-title">
    <h2 id="decisions-title">Decisions</h2>
    ${all.length === 0 && html`<p class="quiet">None yet.</p>`}
    <ol class="list" tabindex="0" aria-labelledby="decisions-title">
      ${all.map(
        ({ decision, number }) => html`<li key=${number} class="item">
          <h3><span class=${`badge action-${decision.action}`}>${words(decision.action)}</span></h3>
          <dl class="figures">
            <div><dt>Rule</dt><dd>${decision.rule}</dd></div>
            <div><dt>Policy</dt><dd>${decision.policy}</dd></div>
            <div><dt>About</dt><dd>${decision.about ?? "the session"}</dd></div>
            <div><dt>Review</dt><dd>${decision.review ?? "none"}</dd></div>
            <div class="whole"><dt>Inputs</dt><dd>${Object.entries(decision.tally).map(([verdict, count]) => `${count} ${verdict}`).join(", ") || "none"}</dd></div>
          </dl>
          ${decision.reasons.length > 0 && html`<ul>${decision.reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`}
        </li>`,
      )}
    </ol>
  </section>`;
}
