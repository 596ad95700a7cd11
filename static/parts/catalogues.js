// What is the same for all sessions: the teams one can ask for, the gates, and the figures over all sessions.
import { useEffect, useState } from "preact/hooks";
import { html } from "/static/html.js";
import { clock, words } from "/static/format.js";

function useRead(path) {
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    fetch(path).then(async (answer) => {
      const body = await answer.json();
      if (answer.ok) setFound(body);
      else setProblem(answer.status === 404 ? "This version of the program does not tell it here." : body.detail);
    }).catch((error) => setProblem(error.message));
  }, [path]);
  return [found, problem];
}

function Whole({ title, lead, path, children }) {
  const [found, problem] = useRead(path);
  useEffect(() => {
    document.title = `${title.toLowerCase()} – orchestrate`;
  }, []);
  return html`<section aria-labelledby="page-title">
    <h1 id="page-title">${title}</h1>
    <p class="quiet">${lead}</p>
    ${problem && html`<p class="reason">${problem}</p>`}
    ${!found && !problem && html`<p class="quiet">Looking…</p>`}
    ${found && children(found)}
  </section>`;
}

export function Teams() {
  return html`<${Whole} title="Teams" path="/api/teams" lead=${html`Who works on a task, and in which pattern: <code>orchestrate "task" --team NAME</code>; <code>orchestrate plan "task"</code> shows the tree beforehand. <a href="/builder">Build a team of your own</a>.`}>
    ${(found) => html`<div class="scrolls" tabindex="0"><table class="stacked"><thead><tr><th scope="col">Team</th><th scope="col">What it does</th><th scope="col">From</th></tr></thead>
      <tbody>${found.map((team) => html`<tr key=${team.name}><th scope="row"><code>${team.name}</code></th><td class="whole">${team.title}${team.problem ? html` <span class="reason">${team.problem}</span>` : ""}</td><td data-label="From">${team.origin}</td></tr>`)}</tbody></table></div>`}
  <//>`;
}

export function Gates() {
  return html`<${Whole} title="Gates" path="/api/gates" lead=${html`What can be measured of a project: <code>orchestrate gates</code> measures this folder, <code>orchestrate gates list</code> tells the same as this page.`}>
    ${(found) => html`<div class="scrolls" tabindex="0"><table class="stacked"><thead><tr><th scope="col">Gate</th><th scope="col">What it measures</th><th scope="col">Passes at</th><th scope="col">By</th></tr></thead>
      <tbody>${found.map((gate) => html`<tr key=${gate.name}><th scope="row"><code>${gate.name}</code></th><td class="whole">${gate.title}</td><td data-label="Passes">${gate.threshold}</td><td data-label="By">${gate.tool}</td></tr>`)}</tbody></table></div>`}
  <//>`;
}

const figure = (value, unit) => (value === null || value === undefined ? html`<span class="quiet">nothing to take it of</span>` : html`${value.toLocaleString("en-GB", { maximumFractionDigits: 3 })} ${unit}`);

function Measures({ found }) {
  return html`<p>${found.sessions === 0 ? "No session that counts has ended yet." : `Over ${found.sessions} session${found.sessions === 1 ? "" : "s"}.`} ${found.left_out.length > 0 && html`<span class="reason">${found.left_out.length} could not be measured.</span>`}</p>
    <div class="scrolls" tabindex="0"><table class="stacked"><thead><tr><th scope="col">Figure</th><th scope="col" class="figure">Value</th><th scope="col">Of</th><th scope="col">Goal</th><th scope="col">By agent</th></tr></thead>
      <tbody>${found.metrics.map((one) => html`<tr key=${one.name}><th scope="row">${words(one.name)}<small class="quiet">${one.formula}${one.note ? `; ${one.note}` : ""}</small></th>
        <td class="figure" data-label="Value">${figure(one.value, one.unit)}${one.interval && html`<br /><span class="quiet">${one.interval.map((end) => end.toFixed(2)).join(" to ")}</span>`}</td>
        <td data-label="Of">${one.n} ${one.of}</td><td data-label="Goal">${one.goal || "–"}</td><td data-label="By agent" class=${Object.keys(one.by_agent).length ? "" : "unsaid"}>${Object.entries(one.by_agent).map(([agent, value]) => html`<span class=${`agent agent-${agent}`}>${agent}</span> ${value.toLocaleString("en-GB", { maximumFractionDigits: 2 })} `)}</td></tr>`)}</tbody></table></div>
    <h2>Patterns that cost</h2>
    ${found.antipatterns.length === 0 ? html`<p class="quiet">None was found.</p>` : html`<ul>${found.antipatterns.slice(0, 100).map((one) => html`<li><b>${words(one.name)}</b>: ${one.summary}</li>`)}</ul>`}`;
}

// Where tuning stands: in sentences, and each parameter with its value, those that tuning has changed first.
function Standing({ status }) {
  const nameOf = (line) => line.trim().split(" ")[0];
  const isValue = (line) => Object.hasOwn(status.values, nameOf(line));
  const rows = status.lines.filter(isValue).map((line) => ({ name: nameOf(line), value: line.trim().slice(nameOf(line).length + 1) }));
  rows.sort((a, b) => Object.hasOwn(status.changed, b.name) - Object.hasOwn(status.changed, a.name));
  return html`<ul>${status.lines.filter((line) => !isValue(line)).map((line) => html`<li>${line}</li>`)}</ul>
    <div class="scrolls" tabindex="0"><table class="stacked"><thead><tr><th scope="col">Parameter</th><th scope="col">Value</th></tr></thead>
      <tbody>${rows.map(({ name, value }) => html`<tr key=${name} class=${Object.hasOwn(status.changed, name) ? "differs" : ""}><th scope="row">${words(name)}</th><td class="whole">${value}</td></tr>`)}</tbody></table></div>`;
}

export function Metrics() {
  const [rehearsals, setRehearsals] = useState(false);
  const [tuning, tuningProblem] = useRead("/api/tuning");
  return html`<${Whole} key=${rehearsals} title="Metrics and tuning" path=${rehearsals ? "/api/metrics?rehearsals=true" : "/api/metrics"} lead=${html`Over the sessions of this workspace that have ended; <code>orchestrate metrics</code> and <code>orchestrate tune</code> tell the same in a terminal.`}>
    ${(found) => html`<label class="check"><input type="checkbox" checked=${rehearsals} onChange=${(event) => setRehearsals(event.currentTarget.checked)} /> Rehearsals instead of real sessions</label>
      <${Measures} found=${found} />
      <h2>Tuning</h2>
      ${tuningProblem && html`<p class="reason">${tuningProblem}</p>`}
      ${tuning && html`<${Standing} status=${tuning.status} />
        ${tuning.decisions.length > 0 && html`<h3>What it decided</h3><ol>${[...tuning.decisions].reverse().slice(0, 50).map((one) => html`<li><time datetime=${one.at}>${clock(one.at, true)}</time> ${one.words}${one.inverse ? html` <span class="quiet">(back: ${one.inverse})</span>` : ""}</li>`)}</ol>`}`}`}
  <//>`;
}
