// What one agent did, as a tree: its turns, in each its calls with what became of them and how long they took.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "/static/html.js";
import { read } from "/static/actions.js";
import { clock, tokens, took } from "/static/format.js";
import { chronicle, nearText, showEntry, shownWorker, workers } from "/static/store.js";
import { openLog } from "/static/parts/log.js";

const MOST_WORDS = 400;
const time = (ms) => clock(new Date(ms).toISOString());

// The whole of a call is fetched when somebody opens it: what was asked for, and what came back.
function Whole({ call }) {
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let gone = false;
    read("/api/call", { key: call.key }).then((told) => !gone && setFound(told), (error) => !gone && setProblem(error.message));
    return () => {
      gone = true;
    };
  }, [call.key, call.to]);
  if (problem) return html`<p class="reason">${problem}</p>`;
  if (!found) return html`<p class="quiet">Looking…</p>`;
  return html`<dl class="call-facts">
    <div><dt>${found.tool}</dt><dd><pre class="raw" tabindex="0">${found.command || found.path || found.summary}</pre></dd></div>
    <div><dt>${found.returned_at ? `came back${found.exit_code === null ? "" : ` with code ${found.exit_code}`}` : "no return"}</dt>
      <dd>${found.returned_at ? html`<pre class="raw" tabindex="0">${found.text || "Nothing was said."}</pre>` : html`<span class="quiet">It is still open.</span>`}</dd></div>
    <div><dt>When</dt><dd>${clock(found.called_at)}${found.returned_at ? ` to ${clock(found.returned_at)}` : ""} <button type="button" class="link" onClick=${() => { shownWorker.value = null; showEntry(call.entry); }}>In the event log</button></dd></div>
  </dl>`;
}

function Call({ call, longest }) {
  const [open, setOpen] = useState(false);
  const ms = call.to ? call.to - call.from : null;
  return html`<li class=${`trace-call ${call.ok === false ? "is-failed" : ""}`}>
    <details open=${open} onToggle=${(event) => setOpen(event.currentTarget.open)}>
      <summary><span class="mark" aria-hidden="true">${call.ok === false ? "✕" : call.to ? "✓" : "…"}</span><code>${nearText(call)}</code>
        <span class="quiet">${call.ok === false ? "failed" : call.to ? "returned well" : "still open"}${ms === null ? "" : `, ${took(ms / 1000)}`}</span>
        ${ms !== null && html`<svg class="lasted" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect width=${Math.max(1, (ms / longest) * 100)} height="6" /></svg>`}</summary>
      ${open && html`<${Whole} call=${call} />`}
    </details>
  </li>`;
}

const Said = ({ row }) => html`<li class="trace-said"><time datetime=${row.at}>${clock(row.at)}</time> <span class="text">${row.text}</span></li>`;

export function Trace() {
  const dialog = useRef(null);
  const [said, setSaid] = useState([]);
  const [only, setOnly] = useState("all");
  const name = shownWorker.value;
  const worker = name ? workers.value[name] : null;
  useEffect(() => {
    if (!worker) {
      if (dialog.current?.open) dialog.current.close();
      return;
    }
    if (!dialog.current.open) dialog.current.showModal();
    setSaid([]);
    read("/api/events", { worker: name, type: "progress", limit: "1000" }).then(
      (page) => setSaid(page.rows.filter((row) => row.worker === name && row.kind === "said").slice(-MOST_WORDS)),
      () => setSaid([]),
    );
  }, [name]);
  const turns = Object.values(chronicle.value.turns).filter((turn) => turn.worker === name).sort((a, b) => a.from - b.from);
  const calls = Object.values(chronicle.value.calls).filter((call) => call.worker === name).sort((a, b) => a.from - b.from);
  const longest = Math.max(1, ...calls.map((call) => (call.to ?? call.from) - call.from));
  const failed = calls.filter((call) => call.ok === false);
  return html`<dialog ref=${dialog} aria-labelledby="trace-title" onClose=${() => (shownWorker.value = null)}>
    ${worker && html`<div class="dialog-head">
        <h2 id="trace-title">What ${name} did</h2>
        <button type="button" onClick=${() => dialog.current.close()}>Close</button>
      </div>
      <p>${calls.length} call${calls.length === 1 ? "" : "s"}${failed.length ? html`, <b class="del">${failed.length} failed</b>` : ", none failed"}; ${tokens(worker.total_tokens)} tokens. <button type="button" class="link" onClick=${() => { dialog.current.close(); openLog(name); }}>Raw log</button></p>
      <div class="filters"><label>Show <select value=${only} onChange=${(event) => setOnly(event.currentTarget.value)}><option value="all">calls and words</option><option value="calls">calls</option><option value="failed">failed calls</option></select></label></div>
      <ol class="trace" tabindex="0" aria-label=${`Turns of ${name}`}>
        ${turns.map((turn, i) => {
          const until = turn.to ?? Infinity;
          const next = turns[i + 1]?.from ?? Infinity;
          const inTurn = (ms) => ms >= (i === 0 ? 0 : turn.from) && ms < next;
          const items = [
            ...(only === "failed" ? failed : calls).filter((call) => inTurn(call.from)).map((call) => ({ at: call.from, key: call.key, part: html`<${Call} call=${call} longest=${longest} />` })),
            ...(only === "all" ? said : []).filter((row) => inTurn(Date.parse(row.at))).map((row) => ({ at: Date.parse(row.at), key: row.id, part: html`<${Said} row=${row} />` })),
          ].sort((a, b) => a.at - b.at);
          // Only what is there is drawn: a turn that is over without a call of the chosen kind says so.
          return html`<li key=${turn.key}><h3>Turn ${turn.key.split(":").at(-1)} <span class="quiet">${time(turn.from)}${Number.isFinite(until) ? `, ${took((until - turn.from) / 1000)}` : ", at work"}${turn.text && turn.ok === false ? `: ${turn.text}` : ""}</span></h3>
            <ol>${items.map((item) => html`<${item.part.type} key=${item.key} ...${item.part.props} />`)}</ol>
            ${items.length === 0 && html`<p class="quiet">No such call.</p>`}</li>`;
        })}
      </ol>
      ${turns.length === 0 && html`<p class="quiet">It has not started.</p>`}
      ${worker.answer && html`<h3>Last words</h3><p class="text">${worker.answer}</p>`}
      ${worker.argv.length > 0 && html`<details><summary>Command line</summary><p class="argv">${worker.argv.join(" ")}</p></details>`}`}
  </dialog>`;
}
