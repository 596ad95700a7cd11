// The session as a whole: task, state, cost, and the buttons that steer all of it.
import { useState } from "preact/hooks";
import { html } from "/static/html.js";
import { act, isBusy } from "/static/actions.js";
import { GONE, clock, costOf, counted, cut, isOver, momentName, near, tokens, tokensOf, tookOf, words } from "/static/format.js";
import { change, connection, failedCalls, nearText, now, problem, questions, recent, session, showEntry, workers } from "/static/store.js";
import { openChange } from "/static/parts/diff.js";

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

// A session that nobody runs and that is not done can go on, with words of a person's for whoever goes on.
function GoOn() {
  const shown = session.value;
  const [words, setWords] = useState("");
  if (connection.value.state !== "live" || problem.value !== null) return null;
  const off = isBusy("resume");
  const told = (shown.goes_on ?? []).join(" and ");
  const goOn = async (event) => {
    event.preventDefault();
    if (!shown.rehearsal && !confirm("Its agents are started again, and are paid for as before. Go on?")) return;
    const said = told && words.trim();
    if (await act("resume", said ? { words: said } : {}, said ? `The session goes on; ${told} is told your words.` : "The session goes on.")) setWords("");
  };
  return html`<form class="go-on" onSubmit=${goOn}>
    ${told && html`<label for="go-on-words">Your words for ${told} (may stay empty)</label>
    <textarea id="go-on-words" rows="2" value=${words} onInput=${(event) => setWords(event.currentTarget.value)}></textarea>`}
    <div class="controls"><button type="submit" class="primary" disabled=${off}>Let it go on</button></div>
  </form>`;
}

const MOST_NAMED = 3;
const filesOf = ({ files, insertions, deletions }) => html`${counted(files.length, "file")} <span class="add">+${insertions}</span> <span class="del">−${deletions}</span>`;

const untouched = ({ files }) => `${files.length === 1 ? "it does not run" : "none of them runs"} on your machine by itself`;

// How many files programs of the user's obey is known of an ended session by what its workers left, and of one that runs
// by the names of what has changed so far.
function Obeyed({ found, over }) {
  const shown = session.value;
  if (!found.files.length || (over && shown.planted.length)) return null;
  if (over) return html`<small class="since">${untouched(found)}</small>`;
  const obeyed = found.obeyed ?? [];
  if (!obeyed.length) return html`<small class="since">${untouched(found)} so far</small>`;
  return html`<small class="since reason">${obeyed.slice(0, 2).map((one, i) => html`${i ? "; " : ""}${one.program} would obey <code>${one.path}</code>`)}${obeyed.length > 2 ? ` and ${obeyed.length - 2} more` : ""}: looked at when its agent ends</small>`;
}

function Changed({ over }) {
  const found = change.value;
  const since = recent.value;
  const isWhole = found && found.since === "session begins" && found.of !== "a moment";
  if (!isWhole) return html`<a href="#diff-title">see below</a>`;
  return html`${found.files.length ? html`<a href="#diff-title">${filesOf(found)}</a>` : over ? "nothing" : "nothing so far"}
    <${Obeyed} found=${found} over=${over} />
    ${!over && since && since.since !== "session begins" && html`<small class="since">since ${momentName(since.since)}: ${since.files.length === 0 ? "nothing" : since.files.length > MOST_NAMED ? filesOf(since) : since.files.map((one, i) => html`${i ? ", " : ""}<button type="button" class="link" onClick=${() => openChange("last", one.path)}>${one.path}</button> <span class="add">+${one.insertions}</span> <span class="del">−${one.deletions}</span>`)}</small>`}`;
}

const doing = (worker) => html`<span class="doing"><b class=${`agent agent-${worker.agent}`}>${worker.id}</b> ${worker.status === "frozen" ? `is frozen: its process ${worker.why.startsWith("waits") ? worker.why : `waits (${worker.why || "nobody said why"})`}` : worker.doing || words(worker.status)}</span>`;

// The newest call that failed, where it cannot be overlooked; the others are on the cards of those who made them.
function Failed() {
  const count = Object.values(workers.value).reduce((sum, worker) => sum + worker.calls_failed, 0);
  if (!count) return null;
  const [newest] = failedCalls();
  return html`<div class="failed"><dt>Failed</dt><dd>${counted(count, "call")}${newest ? html`${count > 1 ? ", the newest: " : ": "}<button type="button" class="link" onClick=${() => showEntry(newest.entry)}><code>${nearText(newest)}</code></button> <small class="since">${newest.worker}${newest.detail.code === undefined ? "" : `, exit code ${newest.detail.code}`}</small>` : ""}</dd></div>`;
}

// What is done now, what has changed, whether somebody is needed: the three things that people come for.
function Glance() {
  const shown = session.value;
  const over = isOver(shown) || !shown.live;
  const at_work = Object.values(workers.value).filter((worker) => worker.attempt > 0 && !GONE.has(worker.status) && worker.status !== "waiting");
  const open = questions.value.length;
  return html`<dl class="glance">
    <div><dt>Now</dt><dd>${over ? (shown.status === "done" ? "It is done; nothing runs." : "Nothing runs.") : at_work.length ? at_work.slice(0, 4).map(doing) : "No agent is at work."}</dd></div>
    <div><dt>Changed</dt><dd><${Changed} over=${over} /></dd></div>
    <div><dt>You</dt><dd>${open ? html`<a href="#questions-title"><b>${open === 1 ? "a question waits for you" : `${open} questions wait for you`}</b></a>` : shown.status === "needs_person" ? html`<b>it needs a person</b>${shown.wanted.length ? `: ${shown.wanted.join("; ")}` : " to decide what is said above"}. ${(shown.goes_on ?? []).length ? html`Say it in <a href="#go-on-words">your words</a> above, and let it go on.` : "See to it, then let it go on."}` : "nothing waits for you"}${over && shown.status === "done" && change.value?.files.length ? html`<small class="since"><code>orchestrate undo ${shown.id}</code> takes the change back</small>` : ""}</dd></div>
    <${Failed} />
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
      <h1>${cut(shown.task, 300)}</h1>
      <p class="sub">
        <span class=${`badge status-${lost ? "lost" : waits ? "waits_for_you" : shown.status}`}>${status}</span>
        ${shown.rehearsal && html`<span class="badge">rehearsal</span>`}
        <span>${tookOf(shown, now.value)}</span>
        <span>${tokensOf(shown)} tokens</span>
        <span>cost ${costOf(shown)}</span>
      </p>
      ${shown.preliminary && html`<p class="quiet" role="status">As it was last written down; the journal (${tokens(shown.entries)} entries) is still being read, and the axis of time shows samples of it.</p>`}
      ${shown.reason && !waits && html`<p class=${shown.status === "done" ? "reason fine" : "reason"}>${shown.reason}</p>`}
      ${!shown.live && !isOver(shown) && problem.value === null && html`<p class="reason">Nobody runs it now: <code>orchestrate resume ${shown.id}</code> goes on with it.</p>`}
      ${standing.length > 0 && html`<p class="reason">${standing.join(" and ")} ${standing.length === 1 ? "is" : "are"} stopped, and what follows waits: restart ${standing.length === 1 ? "it" : "them"}, or stop the session.</p>`}
    </div>
    ${isOver(shown) || !shown.live ? shown.status !== "done" && !questions.value.length && html`<${GoOn} />` : html`<${Controls} />`}
    <${Glance} />
    ${shown.planted.length > 0 && html`<div class=${shown.planted.every((line) => line.includes("(taken back)")) ? "planted all-clear" : "planted"}><h2>${shown.planted.every((line) => line.includes("(taken back)")) ? "Files that your programs obey were changed by an agent, and taken back: none of them runs on your machine" : "These run on your machine: an agent changed files that your programs obey"}</h2><ul>${shown.planted.map((text) => html`<li>${text}</li>`)}</ul></div>`}
    <details class="facts">
      <summary>Session ${shown.id}${shown.warnings.length > 0 && html`, <span class="reason">${shown.warnings.length} warning${shown.warnings.length === 1 ? "" : "s"}: ${cut(near(shown.warnings[0], shown), 240)}</span>`}</summary>
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
      ${shown.warnings.length > 0 && html`<h2>Warnings</h2><ul>${shown.warnings.map((text) => html`<li>${near(text, shown)}</li>`)}</ul>`}
    </details>
  </header>`;
}
