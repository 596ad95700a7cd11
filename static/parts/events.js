// The event log: the newest rows, by several agents and types, by text and by the time chosen on the axis.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "/static/html.js";
import { read } from "/static/actions.js";
import { clock, near, words } from "/static/format.js";
import { Link, linked } from "/static/parts/links.js";
import { Long, isLong } from "/static/parts/long.js";
import { chronicle, dropped, range, rows, session, showEntry, shownEntry, shownWorker, timesShown, workers } from "/static/store.js";

const MOST_SHOWN = 300;
const MOST_OLDER = 1000;
const TYPES = ["status", "progress", "finding", "task", "blocker", "milestone", "review", "error", "decision", "recovery", "question", "command"];

function admits(row, { agents, types, text, important }) {
  return (!agents.length || agents.includes(row.agent)) && (!types.length || types.includes(row.type)) && (!important || row.important) && (!text || row.text.toLowerCase().includes(text));
}

// Journal numbers around a time: what the axis of time knows of it.
function entriesBetween({ from, to }) {
  let after = 0;
  let before = Infinity;
  for (const kind of ["turns", "calls", "milestones", "reviews", "questions", "commands"])
    for (const mark of Object.values(chronicle.value[kind])) {
      if (mark.from < from) after = Math.max(after, mark.entry - 1);
      if (mark.from > to) before = Math.min(before, mark.entry + 1);
    }
  return { after: Math.max(0, after), before };
}

// What is searched for stands out wherever it stands.
function marked(text, wanted) {
  if (!wanted) return text;
  const parts = [];
  let last = 0;
  for (let at = text.toLowerCase().indexOf(wanted); at >= 0; at = text.toLowerCase().indexOf(wanted, last)) {
    parts.push(text.slice(last, at), html`<mark>${text.slice(at, at + wanted.length)}</mark>`);
    last = at + wanted.length;
  }
  return [...parts, text.slice(last)];
}

function Text({ row, wanted }) {
  const text = near(row.text, session.value);
  if (isLong(text)) return html`<${Long} text=${text} />`;
  return html`<span class="text">${linked(row, text).map((part) => (part.go ? html`<${Link} part=${part}>${marked(part.text, wanted)}<//>` : marked(part.text, wanted)))}</span>`;
}

// Of what is said about a worker it is told who says it: reviewers, or the orchestrator that decides and asks.
const ABOUT = new Set(["review", "decision", "question", "recovery"]);

function Row({ row, wanted }) {
  const who = ABOUT.has(row.type) ? row.agent : (row.worker ?? row.agent);
  const worker = row.worker && workers.value[row.worker] ? row.worker : null;
  return html`<li class=${`row type-${row.type} kind-${row.kind}${row.important ? " important" : ""}${shownEntry.value === row.n ? " is-shown" : ""}`} data-n=${row.n}>
    <time datetime=${row.at}><a href=${`#entry-${row.n}`} title=${`Entry ${row.n}: a link to it`}>${clock(row.at)}.${Math.floor(new Date(row.at).getMilliseconds() / 100)}</a></time>
    ${worker ? html`<button type="button" class=${`who agent agent-${workers.value[who]?.agent ?? who}`} title=${`What ${worker} did`} onClick=${() => (shownWorker.value = worker)}>${who}</button>` : html`<span class=${`who agent agent-${workers.value[who]?.agent ?? who}`} title=${who}>${who}</span>`}
    <span class="badge">${words(row.type)}</span>
    <${Text} row=${row} wanted=${wanted} />
  </li>`;
}

function Choices({ label, names, chosen, choose }) {
  return html`<fieldset class="chips"><legend>${label}</legend>
    ${names.map((name) => html`<label class=${chosen.includes(name) ? "chip on" : "chip"}><input type="checkbox" checked=${chosen.includes(name)} onChange=${() => choose(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name])} />${words(name)}</label>`)}
  </fieldset>`;
}

export function Events() {
  const [agents, setAgents] = useState([]);
  const [types, setTypes] = useState([]);
  const [text, setText] = useState("");
  const [important, setImportant] = useState(false);
  const [older, setOlder] = useState([]);
  const [first, setFirst] = useState(null);
  const [around, setAround] = useState(null); // rows around one entry, or of the time chosen
  const [problem, setProblem] = useState("");
  const [follows, setFollows] = useState(true);
  const list = useRef(null);
  const wanted = { agents, types, text: text.trim().toLowerCase(), important };
  const matching = rows.value.filter((row) => admits(row, wanted));
  const shown = around ? [] : matching.slice(-MOST_SHOWN);
  const known = [...new Set([...Object.values(workers.value).map((worker) => worker.agent), "orchestrator", ...agents])];
  const id = session.value?.id;
  useEffect(() => {
    setOlder([]);
    setFirst(null);
  }, [agents, types, text, important, id]);
  // Above the first row that is seen there are others: the log fades there.
  const fade = () => list.current?.classList.toggle("is-scrolled", list.current.scrollTop > 4);
  useEffect(() => {
    if (follows && !around && list.current) list.current.scrollTop = list.current.scrollHeight;
    fade();
  });
  const fetched = async (asked) => {
    try {
      const page = await read("/api/events", asked);
      setProblem("");
      return page;
    } catch (error) {
      setProblem(error.message);
      return null;
    }
  };
  // An address may name an entry, and a row's time leads to its own.
  useEffect(() => {
    if (!id) return undefined;
    const look = () => {
      const named = /^#entry-(\d+)$/.exec(location.hash);
      if (named) showEntry(Number(named[1]));
    };
    look();
    addEventListener("hashchange", look);
    return () => removeEventListener("hashchange", look);
  }, [id]);
  useEffect(() => {
    const n = shownEntry.value;
    if (n === null) return;
    // What is asked for is shown, whatever was filtered before.
    setAgents([]);
    setTypes([]);
    setText("");
    setImportant(false);
    fetched({ after: String(Math.max(0, n - 40)), limit: "120" }).then((page) => {
      if (!page) return;
      setAround({ rows: page.rows, what: `around entry ${n}` });
      document.getElementById("events-title")?.scrollIntoView({ block: "start" });
      requestAnimationFrame(() => list.current?.querySelector(".is-shown")?.scrollIntoView({ block: "center" }));
    });
  }, [shownEntry.value, timesShown.value]);
  useEffect(() => {
    const chosen = range.value;
    if (!chosen) {
      if (shownEntry.value === null) setAround(null);
      return;
    }
    const { after, before } = entriesBetween(chosen);
    fetched({ after: String(after), limit: "1000", ...(Number.isFinite(before) ? { before: String(before) } : {}) }).then((page) => {
      if (page) setAround({ rows: page.rows.filter((row) => Date.parse(row.at) >= chosen.from && Date.parse(row.at) <= chosen.to), what: `from ${clock(new Date(chosen.from).toISOString())} to ${clock(new Date(chosen.to).toISOString())}` });
    });
  }, [range.value]);
  const back = () => {
    setAround(null);
    shownEntry.value = null;
    if (location.hash.startsWith("#entry-")) history.replaceState(null, "", location.pathname + location.search);
    range.value = null;
  };
  const oldest = first ?? shown[0]?.n ?? (session.value?.entries ?? 0) + 1;
  const mayHaveOlder = !around && oldest > 1 && (first !== null || dropped.value > 0 || matching.length > shown.length || (rows.value[0]?.n ?? 1) > 2 || rows.value.length === 0);
  const more = async () => {
    const asked = [["before", String(oldest)], ["limit", "200"], ...agents.map((name) => ["agent", name]), ...types.map((name) => ["type", name])];
    if (wanted.text) asked.push(["text", wanted.text]);
    if (important) asked.push(["important", "true"]);
    const page = await fetched(asked);
    if (!page) return;
    setFollows(false);
    setOlder([...page.rows.filter((row) => admits(row, wanted)), ...older].slice(0, MOST_OLDER));
    setFirst(page.first);
  };
  const listed = around ? around.rows.filter((row) => admits(row, wanted)) : [...older, ...shown];
  return html`<section aria-labelledby="events-title" class="events">
    <div class="section-head"><h2 id="events-title">Events</h2>
      ${around && html`<span class="chosen">${around.what} <button type="button" class="link" onClick=${back}>show the newest</button></span>`}</div>
    <form class="filters" onSubmit=${(event) => event.preventDefault()}>
      <label class="grow">Text
        <input id="events-text" type="search" value=${text} onInput=${(event) => setText(event.currentTarget.value)} />
      </label>
      <label class="check"><input type="checkbox" checked=${important} onChange=${(event) => setImportant(event.currentTarget.checked)} /> Important only</label>
      <label class="check"><input type="checkbox" checked=${follows} onChange=${(event) => setFollows(event.currentTarget.checked)} /> Follow the newest</label>
      <${Choices} label="Agents" names=${known} chosen=${agents} choose=${setAgents} />
      <${Choices} label="Types" names=${TYPES} chosen=${types} choose=${setTypes} />
    </form>
    ${problem && html`<p class="reason">${problem}</p>`}
    <ol class="rows" ref=${list} tabindex="0" onScroll=${fade} aria-label="Event log, newest last" data-rows=${rows.value.length + dropped.value} data-last=${rows.value.at(-1)?.id ?? ""}>
      ${mayHaveOlder && html`<li class="older"><button type="button" onClick=${more}>Older events</button></li>`}
      ${listed.map((row) => html`<${Row} key=${row.id} row=${row} wanted=${wanted.text} />`)}
      ${listed.length === 0 && html`<li class="quiet none-there">No event matches.</li>`}
    </ol>
  </section>`;
}
