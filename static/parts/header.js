// The session as a whole: task, state, cost, and the buttons that steer all of it.
import { html } from "/static/html.js";
import { act, busy } from "/static/actions.js";
import { clock, duration, isOver, money, tokens, words } from "/static/format.js";
import { connection, now, session, workers } from "/static/store.js";

function Controls() {
  const shown = session.value;
  const off = connection.value.state !== "live" || !shown.live;
  const living = Object.values(workers.value).filter((worker) => !worker.exit && worker.attempt > 0);
  const frozen = living.length > 0 && living.every((worker) => worker.status === "frozen");
  const button = (name, label, doing, more = {}) => html`
    <button
      type="button"
      class=${more.class ?? ""}
      disabled=${off || busy.value.has(`/api/control/${name}`) || more.off}
      onClick=${() => (more.ask && !confirm(more.ask) ? null : act(`/api/control/${name}`, undefined, doing))}
    >
      ${label}
    </button>
  `;
  return html`<div class="controls" role="group" aria-label="Steer the session">
    ${button("pause", "Pause all", "Asked to pause every worker.", { off: frozen })}
    ${button("resume", "Resume all", "Asked to resume every worker.")}
    ${button("review", "Ask for a review", "Asked for a review.")}
    ${button("stop", "Stop", "Asked to stop the session.", { class: "danger", ask: "Stop the session and every worker of it?" })}
  </div>`;
}

export function Header() {
  const shown = session.value;
  if (!shown) return html`<header><h1>orchestrate</h1></header>`;
  const age = isOver(shown) || !shown.live ? shown.elapsed_s : (now.value - Date.parse(shown.opened_at)) / 1000;
  const status = !shown.live && !isOver(shown) ? "lost its coordinator" : words(shown.status);
  const standing = ["running", "waits_for_you"].includes(shown.status) && shown.live ? Object.values(workers.value).filter((worker) => worker.is_main && worker.status === "stopped").map((worker) => worker.id) : [];
  return html`<header>
    <div class="head">
      <h1>${shown.task.length > 300 ? `${shown.task.slice(0, 300)}…` : shown.task}</h1>
      <p class="sub">
        <span class=${`badge status-${shown.live || isOver(shown) ? shown.status : "lost"}`}>${status}</span>
        ${shown.rehearsal && html`<span class="badge">rehearsal</span>`}
        <span>${duration(age)}</span>
        <span>${spent(shown)}</span>
        <span>cost ${money(shown.usage.cost_usd, shown.cost_complete)}</span>
      </p>
      ${shown.reason && html`<p class=${shown.status === "done" ? "reason fine" : "reason"}>${shown.reason}</p>`}
      ${!shown.live && !isOver(shown) && html`<p class="reason">Nobody runs it now: <code>orchestrate resume ${shown.id}</code> goes on with it.</p>`}
      ${standing.length > 0 && html`<p class="reason">${standing.join(" and ")} ${standing.length === 1 ? "is" : "are"} stopped, and what follows waits: restart ${standing.length === 1 ? "it" : "them"}, or stop the session.</p>`}
    </div>
    ${!isOver(shown) && html`<${Controls} />`}
    <details class="facts">
      <summary>Session ${shown.id}${shown.planted.length > 0 && html`, <span class="reason">${shown.planted.length} changed file${shown.planted.length === 1 ? "" : "s"} that your programs obey</span>`}${shown.warnings.length > 0 && html`, <span class="reason">${shown.warnings.length} warning${shown.warnings.length === 1 ? "" : "s"}</span>`}</summary>
      <dl>
        <div><dt>Target</dt><dd><code>${shown.target}</code></dd></div>
        <div><dt>Opened</dt><dd>${clock(shown.opened_at, true)}</dd></div>
        <div><dt>Sandbox</dt><dd>${shown.sandbox}</dd></div>
        <div><dt>Review policy</dt><dd>${shown.policy}</dd></div>
        <div><dt>Tier</dt><dd>${shown.tier ?? "none yet"} ${shown.tier_notes.join("; ")}</dd></div>
        <div>
          <dt>Agents</dt>
          <dd>${shown.found.map((found) => `${found.name} ${found.version ?? ""}${found.stand_in ? " (stand-in)" : ""}${found.usable ? "" : " not used"}`).join(", ")}</dd>
        </div>
      </dl>
      ${shown.planted.length > 0 && html`<h2>These run on your machine</h2><ul>${shown.planted.map((text) => html`<li>${text}</li>`)}</ul>`}
      ${shown.warnings.length > 0 && html`<h2>Warnings</h2><ul>${shown.warnings.map((text) => html`<li>${text}</li>`)}</ul>`}
    </details>
  </header>`;
}

function spent(shown) {
  const count = total(shown.usage);
  return count === null ? "tokens unknown" : `${shown.usage_complete ? "" : "at least "}${tokens(count)} tokens`;
}

function total(usage) {
  const known = [usage.input_tokens, usage.output_tokens, usage.cached_tokens].filter((count) => count !== null && count !== undefined);
  return known.length ? known.reduce((sum, count) => sum + count, 0) : null;
}
