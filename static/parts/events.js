// The event log: the newest rows, by agent, type and text; older ones are fetched.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "/static/html.js";
import { read } from "/static/actions.js";
import { clock, words } from "/static/format.js";
import { Long } from "/static/parts/long.js";
import { dropped, rows, session, workers } from "/static/store.js";

const MOST_SHOWN = 300;
const MOST_OLDER = 1000;
const TYPES = ["status", "progress", "finding", "task", "blocker", "milestone", "review", "error", "decision", "recovery", "question", "command"];

function admits(row, { agent, type, text }) {
  return (!agent || row.agent === agent) && (!type || row.type === type) && (!text || row.text.toLowerCase().includes(text));
}

function Row({ row }) {
  return html`<li class=${`row type-${row.type}${row.important ? " important" : ""}`}>
    <time datetime=${row.at}>${clock(row.at)}</time>
    <span class=${`who agent-${row.agent}`} title=${row.worker ?? row.agent}>${row.worker ?? row.agent}</span>
    <span class="badge">${words(row.type)}</span>
    <${Long} text=${row.text} />
  </li>`;
}

export function Events() {
  const [agent, setAgent] = useState("");
  const [type, setType] = useState("");
  const [text, setText] = useState("");
  const [older, setOlder] = useState([]);
  const [first, setFirst] = useState(null);
  const [problem, setProblem] = useState("");
  const [follows, setFollows] = useState(true);
  const list = useRef(null);
  const wanted = { agent, type, text: text.trim().toLowerCase() };
  const matching = rows.value.filter((row) => admits(row, wanted));
  const shown = matching.slice(-MOST_SHOWN);
  const agents = [...new Set(Object.values(workers.value).map((worker) => worker.agent)), "orchestrator"];
  const id = session.value?.id;
  useEffect(() => {
    setOlder([]);
    setFirst(null);
  }, [agent, type, text, id]);
  useEffect(() => {
    if (follows && list.current) list.current.scrollTop = list.current.scrollHeight;
  });
  const oldest = first ?? shown[0]?.n ?? (session.value?.entries ?? 0) + 1;
  const mayHaveOlder = oldest > 1 && (first !== null || dropped.value > 0 || matching.length > shown.length || rows.value.length === 0);
  const more = async () => {
    try {
      const asked = { before: String(oldest), limit: "200" };
      for (const [name, value] of Object.entries(wanted)) if (value) asked[name] = value;
      const page = await read("/api/events", asked);
      setFollows(false);
      setOlder([...page.rows, ...older].slice(0, MOST_OLDER));
      setFirst(page.first);
      setProblem("");
    } catch (error) {
      setProblem(error.message);
    }
  };
  return html`<section aria-labelledby="events-title" class="events">
    <h2 id="events-title">Events</h2>
    <form class="filters" onSubmit=${(event) => event.preventDefault()}>
      <label>Agent
        <select value=${agent} onChange=${(event) => setAgent(event.currentTarget.value)}>
          <option value="">all</option>
          ${agents.map((name) => html`<option value=${name}>${name}</option>`)}
        </select>
      </label>
      <label>Type
        <select value=${type} onChange=${(event) => setType(event.currentTarget.value)}>
          <option value="">all</option>
          ${TYPES.map((name) => html`<option value=${name}>${name}</option>`)}
        </select>
      </label>
      <label class="grow">Text
        <input type="search" value=${text} onInput=${(event) => setText(event.currentTarget.value)} />
      </label>
      <label class="check"><input type="checkbox" checked=${follows} onChange=${(event) => setFollows(event.currentTarget.checked)} /> Follow the newest</label>
    </form>
    ${problem && html`<p class="reason">${problem}</p>`}
    <ol class="rows" ref=${list} tabindex="0" aria-label="Event log, newest last" data-rows=${rows.value.length + dropped.value} data-last=${rows.value.at(-1)?.id ?? ""}>
      ${mayHaveOlder && html`<li class="older"><button type="button" onClick=${more}>Older events</button></li>`}
      ${older.map((row) => html`<${Row} key=${row.id} row=${row} />`)}
      ${shown.map((row) => html`<${Row} key=${row.id} row=${row} />`)}
      ${shown.length + older.length === 0 && html`<li class="quiet">No event matches.</li>`}
    </ol>
  </section>`;
}
