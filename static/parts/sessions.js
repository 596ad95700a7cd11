// Every session of the workspace as a table: filtered, sorted, two of them compared.
import { useEffect, useState } from "preact/hooks";
import { html } from "/static/html.js";
import { clock, costOf, cut, duration, near, tokens, tokensOf, took, tookOf, words } from "/static/format.js";

const EVERY_MS = 5000;
const MOST_SHOWN = 200;
const MOST_ROWS = 2000;

async function readSessions(query) {
  const answer = await fetch(`/api/sessions/table?${new URLSearchParams(query)}`);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? `the server answered ${answer.status}`);
  return body;
}

const seconds = (one) => (one.opened_at && one.last_at ? ((one.live ? Date.now() : Date.parse(one.last_at)) - Date.parse(one.opened_at)) / 1000 : null);
const COLUMNS = [
  { id: "status", label: "State" },
  { id: "task", label: "Task" },
  { id: "opened_at", label: "Begun" },
  { id: "duration", label: "Took", figure: true },
  { id: "total_tokens", label: "Tokens", figure: true },
  { id: "cost_usd", label: "Cost", figure: true },
  { id: "changes", label: "Changes", figure: true },
  { id: "questions", label: "Questions", figure: true },
];

const changed = (one) => (one.files === null ? "–" : one.files === 0 ? "none" : html`${one.files} file${one.files === 1 ? "" : "s"} <span class="add">+${one.insertions}</span> <span class="del">−${one.deletions}</span>`);

function Row({ one, picked, pick }) {
  return html`<tr class=${one.status === "waits_for_you" ? "is-waiting" : ""}>
    <td><input type="checkbox" aria-label=${`Compare ${one.task.slice(0, 60) || one.id}`} checked=${picked} onChange=${pick} /></td>
    <td><span class=${`badge status-${one.status}`}>${words(one.status)}</span></td>
    <th scope="row"><a href=${`/?session=${encodeURIComponent(one.id)}`}>${cut(one.task, 160) || one.id}</a>${one.reason && one.status !== "done" ? html`<small class="quiet">${cut(one.reason, 160)}</small>` : ""}</th>
    <td data-label="Begun"><time datetime=${one.opened_at}>${clock(one.opened_at, true)}</time></td>
    <td class="figure" data-label="Took">${seconds(one) === null ? "–" : (one.live ? duration : took)(seconds(one))}</td>
    <td class="figure" data-label="Tokens">${tokensOf(one)}</td>
    <td class="figure" data-label="Cost">${costOf(one)}</td>
    <td class="figure" data-label="Changes">${changed(one)}</td>
    <td class="figure" data-label="Questions">${one.questions ?? "–"}</td>
  </tr>`;
}

export function Sessions() {
  const [all, setAll] = useState(null);
  const [problem, setProblem] = useState("");
  const [text, setText] = useState("");
  const [status, setStatus] = useState("");
  const [order, setOrder] = useState({ by: "opened_at", down: true });
  const [picked, setPicked] = useState([]);
  const [most, setMost] = useState(MOST_SHOWN);
  useEffect(() => {
    let gone = false;
    const look = async () => {
      if (document.visibilityState === "hidden") return;
      try {
        const found = await readSessions({ text: text.trim(), status, by: order.by, down: String(order.down), limit: String(most) });
        if (gone) return;
        setAll(found);
        setProblem("");
      } catch (error) {
        if (!gone) setProblem(`Not up to date: ${error.message}`);
      }
    };
    // What is typed letter by letter is asked for once.
    const first = setTimeout(look, all === null ? 0 : 150);
    const timer = setInterval(look, EVERY_MS);
    return () => {
      gone = true;
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [text, status, order, most]);
  const waiting = all?.waiting ?? 0;
  useEffect(() => {
    document.title = `${waiting ? `(${waiting}) waits for you: ` : ""}sessions – orchestrate`;
  }, [waiting]);
  const matching = all?.sessions ?? [];
  const states = [...new Set([...(all?.states ?? []), ...(status ? [status] : [])])].sort();
  const pick = (id) => setPicked(picked.includes(id) ? picked.filter((one) => one !== id) : [...picked.slice(-1), id]);
  return html`<section aria-labelledby="sessions-title" class="sessions-page">
    <div class="section-head"><h1 id="sessions-title">Sessions</h1>
      ${all?.needing > 0 && html`<span class="badge status-needs_person">${all.needing} need${all.needing === 1 ? "s" : ""} a person</span>`}
      ${waiting > 0 && html`<span class="badge status-waits_for_you">${waiting} wait${waiting === 1 ? "s" : ""} for you</span>`}</div>
    <form class="filters" onSubmit=${(event) => event.preventDefault()}>
      <label class="grow">Text <input type="search" value=${text} onInput=${(event) => setText(event.currentTarget.value)} /></label>
      <label>State <select value=${status} onChange=${(event) => setStatus(event.currentTarget.value)}><option value="">all</option>${states.map((one) => html`<option value=${one}>${words(one)}</option>`)}</select></label>
      <p class="compare">${picked.length === 2 ? html`<a class="button" href=${`/compare?a=${picked[0]}&b=${picked[1]}`}>Compare the two</a>` : html`<span class="quiet">Tick two to compare them.</span>`}</p>
    </form>
    ${problem && html`<p class="reason">${problem}</p>`}
    ${all === null && !problem && html`<p class="quiet">Looking…</p>`}
    ${all?.total === 0 && html`<p class="quiet">There is none yet. <code>orchestrate "what you want done"</code> begins one; with <code>--rehearse</code> it costs nothing.</p>`}
    ${all?.total > 0 && html`<div class="scrolls" tabindex="0"><table class="sessions">
      <thead><tr><th scope="col"><span class="unseen">Compare</span></th>${COLUMNS.map((column) => html`<th scope="col" class=${column.figure ? "figure" : ""} aria-sort=${order.by === column.id ? (order.down ? "descending" : "ascending") : "none"}>
        <button type="button" class="link" onClick=${() => setOrder({ by: column.id, down: order.by === column.id ? !order.down : column.id !== "task" && column.id !== "status" })}>${column.label}${order.by === column.id ? (order.down ? " ↓" : " ↑") : ""}</button></th>`)}</tr></thead>
      <tbody>${matching.map((one) => html`<${Row} key=${one.id} one=${one} picked=${picked.includes(one.id)} pick=${() => pick(one.id)} />`)}</tbody>
    </table></div>
    <p class="quiet">${tokens(all.matching)} of ${tokens(all.total)} sessions${all.matching > matching.length ? html`; ${matching.length} shown <button type="button" class="link" onClick=${() => setMost(Math.min(MOST_ROWS, most + MOST_SHOWN))}>more</button>` : "."}</p>`}
  </section>`;
}

const whole = async (id) => {
  const [summary, view, diff] = await Promise.all(["/api/summary", "/api/session", "/api/diff"].map(async (path) => {
    const answer = await fetch(`${path}?session=${encodeURIComponent(id)}`);
    const body = await answer.json();
    if (!answer.ok) throw new Error(`${id}: ${body.detail}`);
    return body;
  }));
  return { summary, view, diff };
};

// Two sessions side by side; what differs stands out.
export function Compare() {
  const query = new URLSearchParams(location.search);
  const [both, setBoth] = useState(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    document.title = "two sessions compared – orchestrate";
    Promise.all([whole(query.get("a") ?? ""), whole(query.get("b") ?? "")]).then(setBoth, (error) => setProblem(error.message));
  }, []);
  const rows = [
    ["Task", ({ view }) => view.task],
    ["State", ({ view }) => words(view.status)],
    ["Why", ({ view }) => view.reason || "–"],
    ["Team", ({ view }) => view.team || "change"],
    ["Agents", ({ view }) => view.found.filter((one) => one.usable).map((one) => `${one.name} ${one.version ?? ""}`.trim()).join(", ")],
    ["Took", ({ view }) => tookOf(view, Date.now())],
    ["Tokens", ({ view }) => tokensOf(view)],
    ["Cost", ({ view }) => costOf(view)],
    ["Changed", ({ diff }) => (diff.files.length ? `${diff.files.length} file${diff.files.length === 1 ? "" : "s"}, +${diff.insertions} −${diff.deletions}` : "nothing")],
    ["Files", ({ diff }) => diff.files.join(", ").replace(/([/_.-])/g, "$1\u200b") || "–"],
    ["Tool calls", ({ summary }) => String(summary.workers.reduce((sum, one) => sum + one.tool_calls, 0))],
    ["Failed calls", ({ summary }) => String(summary.workers.reduce((sum, one) => sum + one.calls_failed + one.calls_denied, 0))],
    ["Reviews", ({ summary }) => summary.reviews.map((one) => `${one.id}: ${words(one.decision?.action ?? "open")}`).join(", ") || "none"],
    ["Recoveries", ({ summary }) => summary.recoveries.map((one) => one.rule).join(", ") || "none"],
    ["Questions", ({ summary, view }) => [...view.settled.map((one) => `${one.question || "beforehand"}: ${one.answer || "nobody answered"}`), ...summary.questions.map((one) => `${one.id}: waits for an answer`)].join(", ") || "none"],
    ["Warnings", ({ view }) => (view.warnings.length ? `${view.warnings.length}: ${view.warnings.map((text) => near(text, view)).join("; ")}` : "none")],
  ];
  return html`<section aria-labelledby="compare-title">
    <h1 id="compare-title">Two sessions compared</h1>
    ${problem && html`<p class="reason">${problem}. <a href="/sessions">Choose two sessions</a> that are there.</p>`}
    ${!both && !problem && html`<p class="quiet">Reading both…</p>`}
    ${both && html`<p class="quiet">Rows in which the two differ are marked.</p><div class="scrolls" tabindex="0"><table class="compare">
      <thead><tr><th scope="col"><span class="unseen">What</span></th>${both.map(({ view }) => html`<th scope="col"><a href=${`/?session=${view.id}`}>${cut(view.task, 80) || view.id}</a> <small class="quiet">${view.id}</small></th>`)}</tr></thead>
      <tbody>${rows.map(([label, value]) => {
        const [a, b] = both.map(value);
        return html`<tr class=${a === b ? "" : "differs"}><th scope="row">${label}</th><td>${a}</td><td>${b}</td></tr>`;
      })}</tbody>
    </table></div>`}
  </section>`;
}
