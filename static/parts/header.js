// The session as a whole: task, state, cost, and the buttons that steer all of it.
import { html } from "/static/html.js";
import { act, isBusy } from "/static/actions.js";
import { GONE, clock, costOf, isOver, momentName, tokens, tokensOf, tookOf, words } from "/static/format.js";
import { change, connection, now, problem, questions, recent, session, workers } from "/static/store.js";

function Controls() {
  const shown = session.value;
  const off = connection.value.state !== "live" || !shown.live;
  const living = Object.values(workers.value).filter((worker) => !worker.exit && worker.attempt > 0);
  const frozen = living.length > 0 && living.every((worker) => worker.status === "frozen");
  const button = (name, label, doing, more = {}) => html`
    <button
      type="button"
      class=${more.class ?? ""}
      title=${more.title || undefined}
      disabled=${off || isBusy(name) || more.off}
      onClick=${() => (more.ask && !confirm(more.ask) ? null : act(name, {}, doing))}
    >
      ${label}
    </button>
  `;
  return html`<div class="controls" role="group" aria-label="Steer the session">
    ${button("pause", "Pause all", "Asked to pause every worker.", { off: frozen })}
    ${button("resume", "Resume all", "Asked to resume every worker.", { off: !shown.paused.length, title: shown.paused.length ? "" : "Nobody is paused." })}
    ${button("review", "Ask for a review", "Asked for a review.")}
    ${button("stop", "Stop", "Asked to stop the session.", { class: "danger", ask: "Stop the session and every worker of it?" })}
  </div>`;
}

// A session that nobody runs and that is not done can go on.
function GoOn() {
  const shown = session.value;
  if (connection.value.state !== "live" || problem.value !== null) return null;
  const off = isBusy("resume");
  const ask = () => shown.rehearsal || confirm("Its agents are started again, and are paid for as before. Go on?");
  return html`<div class="controls"><button type="button" disabled=${off} onClick=${() => ask() && act("resume", {}, "The session goes on.")}>Let it go on</button></div>`;
}

// What is done now, what has changed, whether somebody is needed: the three things that people come for.
function Glance() {
  const shown = session.value;
  const over = isOver(shown) || !shown.live;
  const at_work = Object.values(workers.value).filter((worker) => worker.attempt > 0 && !GONE.has(worker.status) && worker.status !== "waiting");
  const found = change.value;
  const open = questions.value.length;
  const since = recent.value;
  const whole = found && found.since === "session begins" && found.of !== "a moment";
  return html`<dl class="glance">
    <div><dt>Now</dt><dd>${over ? (shown.status === "done" ? "It is done; nothing runs." : "Nothing runs.") : at_work.length ? at_work.slice(0, 4).map((worker) => html`<span class="doing"><b class=${`agent agent-${worker.agent}`}>${worker.id}</b> ${worker.status === "frozen" ? `is frozen: its process ${worker.why.startsWith("waits") ? worker.why : `waits (${worker.why || "nobody said why"})`}` : worker.doing || words(worker.status)}</span>`) : "No agent is at work."}</dd></div>
    <div><dt>Changed</dt><dd>${whole ? (found.files.length ? html`<a href="#diff-title">${found.files.length} file${found.files.length === 1 ? "" : "s"}</a> <span class="add">+${found.insertions}</span> <span class="del">−${found.deletions}</span>` : over ? "nothing" : "nothing so far") : html`<a href="#diff-title">see below</a>`}${over && whole && found.files.length && !shown.planted.length ? html`<small class="since">none of them is obeyed by programs of yours</small>` : ""}${!over && since && since.since !== "session begins" ? html`<small class="since">since ${momentName(since.since)}: ${since.files.length ? html`${since.files.length} file${since.files.length === 1 ? "" : "s"} <span class="add">+${since.insertions}</span> <span class="del">−${since.deletions}</span>` : "nothing"}</small>` : ""}</dd></div>
    <div><dt>You</dt><dd>${open ? html`<a href="#questions-title"><b>${open === 1 ? "a question waits for you" : `${open} questions wait for you`}</b></a>` : shown.status === "needs_person" ? html`<b>it needs a person</b>${shown.wanted.length ? `: ${shown.wanted.join("; ")}` : " to decide what is said above"}. Then let it go on.` : "nothing waits for you"}</dd></div>
  </dl>`;
}

export function Header() {
  const shown = session.value;
  if (!shown) return html`<header><h1>orchestrate</h1></header>`;
  const lost = !shown.live && !isOver(shown);
  const waits = questions.value.length > 0 && !lost;
  const status = lost ? "lost its coordinator" : waits ? "waits for you" : words(shown.status);
  const standing = ["running", "waits_for_you"].includes(shown.status) && shown.live ? Object.values(workers.value).filter((worker) => worker.is_main && worker.status === "stopped").map((worker) => worker.id) : [];
  return html`<header>
    <div class="head">
      <h1>${shown.task.length > 300 ? `${shown.task.slice(0, 300)}…` : shown.task}</h1>
      <p class="sub">
        <span class=${`badge status-${lost ? "lost" : waits ? "waits_for_you" : shown.status}`}>${status}</span>
        ${shown.rehearsal && html`<span class="badge">rehearsal</span>`}
        <span>${tookOf(shown, now.value)}</span>
        <span>${tokensOf(shown)} tokens</span>
        <span>cost ${costOf(shown)}</span>
      </p>
      ${shown.preliminary && html`<p class="quiet" role="status">As its report tells it; the journal (${tokens(shown.entries)} entries) is still being read, and the axis of time shows samples of it.</p>`}
      ${shown.reason && !waits && html`<p class=${shown.status === "done" ? "reason fine" : "reason"}>${shown.reason}</p>`}
      ${!shown.live && !isOver(shown) && problem.value === null && html`<p class="reason">Nobody runs it now: <code>orchestrate resume ${shown.id}</code> goes on with it.</p>`}
      ${standing.length > 0 && html`<p class="reason">${standing.join(" and ")} ${standing.length === 1 ? "is" : "are"} stopped, and what follows waits: restart ${standing.length === 1 ? "it" : "them"}, or stop the session.</p>`}
    </div>
    ${isOver(shown) || !shown.live ? shown.status !== "done" && !questions.value.length && html`<${GoOn} />` : html`<${Controls} />`}
    <${Glance} />
    ${shown.planted.length > 0 && html`<div class=${shown.planted.every((line) => line.includes("(taken back)")) ? "planted all-clear" : "planted"}><h2>${shown.planted.every((line) => line.includes("(taken back)")) ? "Files that your programs obey were changed by an agent, and taken back: none of them runs on your machine" : "These run on your machine: an agent changed files that your programs obey"}</h2><ul>${shown.planted.map((text) => html`<li>${text}</li>`)}</ul></div>`}
    <details class="facts">
      <summary>Session ${shown.id}${shown.warnings.length > 0 && html`, <span class="reason">${shown.warnings.length} warning${shown.warnings.length === 1 ? "" : "s"}: ${shown.warnings[0].slice(0, 160)}${shown.warnings[0].length > 160 || shown.warnings.length > 1 ? "…" : ""}</span>`}</summary>
      <dl>
        <div><dt>Target</dt><dd><code>${shown.target}</code></dd></div>
        <div><dt>Opened</dt><dd>${clock(shown.opened_at, true)}</dd></div>
        <div><dt>Sandbox</dt><dd>${shown.sandbox}</dd></div>
        ${shown.team && html`<div><dt>Team</dt><dd>${shown.team}${shown.team_because ? `: ${shown.team_because}` : ""}</dd></div>`}
        <div><dt>Review policy</dt><dd>${shown.policy}</dd></div>
        <div><dt>Tier</dt><dd>${shown.tier ?? "none yet"} ${shown.tier_notes.join("; ")}</dd></div>
        <div>
          <dt>Agents</dt>
          <dd>${shown.found.map((found) => `${found.name} ${found.version ?? ""}${found.stand_in ? " (stand-in)" : ""}${found.usable ? "" : " not used"}`).join(", ")}</dd>
        </div>
      </dl>
      ${shown.warnings.length > 0 && html`<h2>Warnings</h2><ul>${shown.warnings.map((text) => html`<li>${text}</li>`)}</ul>`}
    </details>
  </header>`;
}
