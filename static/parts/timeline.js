// Who was in what state when: a lane a worker.
import { html } from "/static/html.js";
import { GONE, clock, duration, isOver, words } from "/static/format.js";
import { now, session, workers } from "/static/store.js";

// In the order of a worker's life.
const STATES = ["starting", "running", "silent", "frozen", "limited", "relaunching", "parked", "stopping", "done", "unproven", "failed", "stopped"];

function spans(worker, end) {
  return worker.history.map((change, i) => {
    const next = worker.history[i + 1];
    return { status: change.status, from: Date.parse(change.at), to: next ? Date.parse(next.at) : end };
  });
}

function Lane({ worker, begin, end }) {
  const length = Math.max(1, end - begin);
  const x = (at) => Math.max(0, Math.min(1000, ((at - begin) / length) * 1000));
  const parts = spans(worker, end).filter((span) => span.status !== "waiting");
  const told = parts.map((span) =>
    GONE.has(span.status) ? `${words(span.status)} at ${clock(new Date(span.from).toISOString())}` : `${words(span.status)} for ${duration((span.to - span.from) / 1000)}`,
  );
  return html`<li>
    <span class="lane-name">${worker.id}</span>
    <svg viewBox="0 0 1000 16" preserveAspectRatio="none" role="img" aria-label=${`${worker.id}: ${told.slice(-12).join(", ") || "not started"}`}>
      <line x1="0" y1="8" x2="1000" y2="8" />
      ${parts.map((span) =>
        GONE.has(span.status)
          ? html`<rect class=${`span-${span.status}`} x=${Math.min(994, x(span.from))} y="1" width="6" height="14" />`
          : html`<rect class=${`span-${span.status}`} x=${x(span.from)} y="3" width=${Math.max(2, x(span.to) - x(span.from))} height="10" />`,
      )}
    </svg>
  </li>`;
}

export function Timeline() {
  const shown = session.value;
  const all = Object.values(workers.value).filter((worker) => worker.history.length);
  const begin = Date.parse(shown.opened_at);
  const running = shown.live && !isOver(shown);
  const seen = new Set(all.flatMap((worker) => worker.history.map((change) => change.status)));
  const end = running ? now.value : Date.parse(shown.updated_at);
  return html`<section aria-labelledby="timeline-title" class="timeline">
    <h2 id="timeline-title">Timeline</h2>
    ${all.length === 0 && html`<p class="quiet">Nothing has started yet.</p>`}
    <ul class="lanes">${all.map((worker) => html`<${Lane} key=${worker.id} worker=${worker} begin=${begin} end=${end} />`)}</ul>
    ${all.length > 0 && html`<p class="axis"><span>${clock(shown.opened_at)}</span><span>${clock(new Date(end).toISOString())}</span></p>`}
    <ul class="legend" aria-hidden="true">
      ${STATES.filter((status) => seen.has(status)).map((status) => html`<li><i class=${`span-${status}`}></i>${words(status)}</li>`)}
    </ul>
  </section>`;
}
