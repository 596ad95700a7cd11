// Each worker as a card: who, in what state and by what evidence, doing what, at what price.
import { html } from "/static/html.js";
import { act, isBusy } from "/static/actions.js";
import { GONE, counted, evidence, isOver, memory, money, ranSeconds, tokens, took, words } from "/static/format.js";
import { connection, failedCalls, nearText, now, second, session, showEntry, shownWorker, workers } from "/static/store.js";
import { Sparkline } from "/static/parts/sparkline.js";
import { openLog } from "/static/parts/log.js";

function Buttons({ worker }) {
  if (!worker.attempt) return null; // nothing of it can be steered or read yet
  const off = connection.value.state !== "live" || !session.value.live;
  const gone = GONE.has(worker.status);
  const idle = gone || worker.status === "waiting";
  const frozen = worker.status === "frozen";
  const button = (name, label, doing, disabled, kind = "", title = "") => {
    const press = () => (name === "stop" && !confirm(`Stop ${worker.id}?`) ? null : act(name, { worker: worker.id }, doing));
    return html`<button type="button" class=${kind} title=${title || undefined} disabled=${off || disabled || isBusy(name, { worker: worker.id })} aria-label=${`${label} ${worker.id}`} onClick=${press}>${label}</button>`;
  };
  return html`<div class="controls">
    ${!isOver(session.value) && [
      frozen
        ? button("resume", "Resume", `Asked to resume ${worker.id}.`, idle || !session.value.paused.includes(worker.id), "", session.value.paused.includes(worker.id) ? "" : `Nobody has paused it: ${worker.why}.`)
        : button("pause", "Pause", `Asked to pause ${worker.id}.`, idle),
      button("restart", "Restart", `Asked to restart ${worker.id}.`, !worker.attempt),
      button("stop", "Stop", `Asked to stop ${worker.id}.`, idle, "danger"),
    ]}
    <button type="button" aria-label=${`Trace of ${worker.id}`} disabled=${!worker.attempt} onClick=${() => (shownWorker.value = worker.id)}>Trace</button>
    <button type="button" aria-label=${`Raw log of ${worker.id}`} disabled=${!worker.attempt} onClick=${() => openLog(worker.id)}>Raw log</button>
  </div>`;
}

const MOST_FAILED = 3;

// The newest calls that failed, each with the way to where it stands in the log.
function FailedCalls({ worker }) {
  const failed = failedCalls((call) => call.worker === worker.id);
  const count = worker.calls_failed;
  if (!count) return null;
  return html`<div class="failed-calls"><span class="quiet">Failed: ${counted(count, "call")}${count > Math.min(failed.length, MOST_FAILED) ? ", the newest" : ""}</span>
    <ul>${failed.slice(0, MOST_FAILED).map((call) => html`<li key=${call.key}><button type="button" class="link" onClick=${() => showEntry(call.entry)}><code>${nearText(call)}</code></button>${call.detail.code === undefined ? "" : html` <span class="quiet">exit code ${call.detail.code}</span>`}</li>`)}</ul></div>`;
}

function Card({ worker }) {
  const progress = worker.progress;
  const title = `worker-${worker.id}`;
  // In a session that has ended nothing waits any more.
  const began = worker.attempt > 0;
  const neverBegan = worker.status === "waiting" && isOver(session.value);
  return html`<article class=${`card agent-${worker.agent} is-${worker.status}`} aria-labelledby=${title}>
    <div class="card-head">
      <h3 id=${title}>${worker.id}</h3>
      <span class=${`badge status-${worker.status}`}>${neverBegan ? "not begun" : words(worker.status)}</span>
      <span class="role">${worker.role}${worker.title ? `: ${worker.title}` : ""}</span>
    </div>
    <p class="evidence">${neverBegan ? "the session ended before its turn" : evidence(worker, now.value, isOver(session.value))}</p>
    ${GONE.has(worker.status) ? null : progress !== null && progress !== undefined
      ? html`<div class="progress">
          <progress max="100" value=${progress} aria-label=${`Progress of ${worker.id}`}>${progress} %</progress>
          <span class="percent">says ${progress.toFixed(0)} %</span>
        </div>`
      : worker.status === "waiting" || isOver(session.value)
        ? null
        : html`<p class="quiet">no progress reported</p>`}
    ${worker.doing && !GONE.has(worker.status) && html`<p class="doing" title=${worker.doing}>${worker.doing}</p>`}
    ${began && html`<dl class="figures">
      <div><dt>Tokens</dt><dd>${tokens(worker.total_tokens)}</dd></div>
      <div><dt>Cost</dt><dd>${money(worker.usage.cost_usd)}</dd></div>
      <div><dt>Tool calls</dt><dd>${worker.tool_calls}${worker.denials ? `, ${worker.denials} denied` : ""}</dd></div>
      <div><dt>Ran</dt><dd>${took(ranSeconds(worker, second.value))}${worker.attempt > 1 ? `, attempt ${worker.attempt}` : ""}</dd></div>
      ${worker.files.length > 0 &&
      html`<div><dt>Changed</dt><dd>${worker.files.length} file${worker.files.length === 1 ? "" : "s"} <span class="add">+${worker.insertions}</span> <span class="del">−${worker.deletions}</span></dd></div>`}
    </dl>`}
    <${FailedCalls} worker=${worker} />
    ${worker.samples.some((sample) => !worker.exit || sample.memory_mib >= 0.5) &&
    html`<div class="sparks">
      <${Sparkline} label="CPU" values=${worker.samples.map((sample) => sample.cpu_percent)} unit=${(value) => `${value.toFixed(0)} %`} least=${50} over=${Boolean(worker.exit)} />
      <${Sparkline} label="Memory" values=${worker.samples.map((sample) => sample.memory_mib)} unit=${memory} least=${64} over=${Boolean(worker.exit)} />
    </div>`}
    ${worker.answer && html`<details class="answer"><summary>Last words</summary><p class="text">${worker.answer}</p></details>`}
    <${Buttons} worker=${worker} />
  </article>`;
}

export function Workers() {
  const all = Object.values(workers.value);
  const main = all.filter((worker) => worker.is_main);
  const called = all.filter((worker) => !worker.is_main);
  return html`<section aria-labelledby="workers-title">
    <h2 id="workers-title">Workers</h2>
    ${all.length === 0 && html`<p class="quiet">No worker yet.</p>`}
    <div class="cards">${main.map((worker) => html`<${Card} key=${worker.id} worker=${worker} />`)}</div>
    ${called.length > 0 &&
    html`<details class="called">
      <summary>Reviewers called in (${called.length}, ${called.filter((worker) => !GONE.has(worker.status)).length} at work)</summary>
      <div class="cards">${called.map((worker) => html`<${Card} key=${worker.id} worker=${worker} />`)}</div>
    </details>`}
  </section>`;
}
