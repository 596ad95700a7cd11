// What one agent did, as a tree: its turns, in each its calls with what became of them and how long they took.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "/static/html.js";
import { read } from "/static/actions.js";
import { clock, duration, tokens } from "/static/format.js";
import { chronicle, shownEntry, shownWorker, workers } from "/static/store.js";
import { openLog } from "/static/parts/log.js";

const MOST_WORDS = 400;
const time = (ms) => clock(new Date(ms).toISOString());

const Call = ({ call }) => html`<li class=${`trace-call ${call.ok === false ? "is-failed" : ""}`}>
  <span class="mark" aria-hidden="true">${call.ok === false ? "✕" : call.to ? "✓" : "…"}</span>
  <button type="button" class="link" onClick=${() => { shownWorker.value = null; shownEntry.value = call.entry; }}>${call.text}</button>${" "}
  <span class="quiet">${call.ok === false ? "failed" : call.to ? "returned well" : "still open"}${call.to ? `, ${duration((call.to - call.from) / 1000)}` : ""}</span>
</li>`;

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
    read("/api/events", { agent: worker.agent, type: "progress", limit: "1000" }).then(
      (page) => setSaid(page.rows.filter((row) => row.worker === name && row.kind === "said").slice(-MOST_WORDS)),
      () => setSaid([]),
    );
  }, [name]);
  const turns = Object.values(chronicle.value.turns).filter((turn) => turn.worker === name).sort((a, b) => a.from - b.from);
  const calls = Object.values(chronicle.value.calls).filter((call) => call.worker === name).sort((a, b) => a.from - b.from);
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
            ...(only === "failed" ? failed : calls).filter((call) => inTurn(call.from)).map((call) => ({ at: call.from, key: call.key, part: html`<${Call} call=${call} />` })),
            ...(only === "all" ? said : []).filter((row) => inTurn(Date.parse(row.at))).map((row) => ({ at: Date.parse(row.at), key: row.id, part: html`<${Said} row=${row} />` })),
          ].sort((a, b) => a.at - b.at);
          // Only what is there is drawn: a turn that is over without a call of the chosen kind says so.
          return html`<li key=${turn.key}><h3>Turn ${turn.key.split(":").at(-1)} <span class="quiet">${time(turn.from)}${Number.isFinite(until) ? `, ${duration((until - turn.from) / 1000)}` : ", at work"}${turn.text && turn.ok === false ? `: ${turn.text}` : ""}</span></h3>
            <ol>${items.map((item) => html`<${item.part.type} key=${item.key} ...${item.part.props} />`)}</ol>
            ${items.length === 0 && html`<p class="quiet">No such call.</p>`}</li>`;
        })}
      </ol>
      ${turns.length === 0 && html`<p class="quiet">It has not started.</p>`}
      ${worker.answer && html`<h3>Last words</h3><p class="text">${worker.answer}</p>`}
      ${worker.argv.length > 0 && html`<details><summary>Command line</summary><p class="argv">${worker.argv.join(" ")}</p></details>`}`}
  </dialog>`;
}
