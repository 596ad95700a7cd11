// Reviews with their verdicts, and what was decided on them by which rule.
import { html } from "/static/html.js";
import { counted, isOver, tidy, words } from "/static/format.js";
import { Long } from "/static/parts/long.js";
import { Newest } from "/static/parts/newest.js";
import { decisions, reviews, session } from "/static/store.js";

const NOUNS = { concerns: ["concern", "concerns"], blocker: ["blocker", "blockers"] };
const tallied = (verdict, count) => (NOUNS[verdict] ? counted(count, ...NOUNS[verdict]) : `${count} ${words(verdict)}`);

function Answer({ answer }) {
  return html`<li>
    <p>
      <b>${answer.reviewer}</b> <span class=${`badge verdict-${answer.verdict}`}>${answer.verdict}</span>
      ${answer.over_length && html`<span class="quiet">over length: ${answer.words} words</span>`}
    </p>
    ${(answer.problem || answer.summary) && html`<${Long} text=${tidy(answer.problem || answer.summary)} />`}
    ${answer.points.length > 0 && answer.points.join("; ") !== answer.summary && html`<ul>${answer.points.map((point) => html`<li>${tidy(point)}</li>`)}</ul>`}
  </li>`;
}

export function Reviews() {
  const all = Object.values(reviews.value).reverse();
  return html`<section aria-labelledby="reviews-title">
    <h2 id="reviews-title">Reviews</h2>
    ${all.length === 0 && html`<p class="quiet">${isOver(session.value) ? "None." : "None yet."}</p>`}
    <${Newest} of="reviews" titled="reviews-title" items=${all} shown=${(review) => html`<li key=${review.id} class="item">
          <h3>${words(review.trigger)} <span class="quiet">${review.id}${review.about ? `, about ${review.about}` : ""}</span></h3>
          <${Long} text=${review.text} />
          <ul class="answers">${review.answers.map((answer) => html`<${Answer} answer=${answer} />`)}</ul>
          <p class="outcome">${review.decision ? html`Decided: <b>${words(review.decision.action)}</b>` : html`<span class="quiet">${isOver(session.value) ? "The session ended before it was decided." : "Under review…"}</span>`}</p>
        </li>`} />
  </section>`;
}

export function Decisions() {
  const all = decisions.value.map((decision, i) => ({ decision, number: i + 1 })).reverse();
  return html`<section aria-labelledby="decisions-title">
    <h2 id="decisions-title">Decisions</h2>
    ${all.length === 0 && html`<p class="quiet">${isOver(session.value) ? "None." : "None yet."}</p>`}
    <${Newest} of="decisions" titled="decisions-title" items=${all} shown=${({ decision, number }) => html`<li key=${number} class="item">
          <h3><span class=${`badge action-${decision.action}`}>${words(decision.action)}</span></h3>
          <dl class="figures">
            <div><dt>Rule</dt><dd>${decision.rule}</dd></div>
            <div><dt>Policy</dt><dd>${decision.policy}</dd></div>
            <div><dt>About</dt><dd>${decision.about ?? "the session"}</dd></div>
            <div><dt>Review</dt><dd>${decision.review ?? "none"}</dd></div>
            <div class="whole"><dt>Inputs</dt><dd>${Object.entries(decision.tally).filter(([, count]) => count > 0).map(([verdict, count]) => tallied(verdict, count)).join(", ") || "none"}</dd></div>
          </dl>
          ${decision.reasons.length > 0 && html`<ul>${decision.reasons.map((reason) => html`<li>${tidy(reason)}</li>`)}</ul>`}
        </li>`} />
  </section>`;
}
