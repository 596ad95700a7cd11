// What is the same for all sessions: the teams one can ask for, the gates, and the figures over all sessions.
import { useEffect, useState } from "preact/hooks";
import { html } from "/static/html.js";
import { words } from "/static/format.js";

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
  return html`<${Whole} title="Teams" path="/api/teams" lead=${html`Who works on a task, and in which pattern: <code>orchestrate "task" --team NAME</code>; <code>orchestrate plan "task"</code> shows the tree beforehand.`}>
    ${(found) => html`<div class="scrolls" tabindex="0"><table><thead><tr><th scope="col">Team</th><th scope="col">What it does</th><th scope="col">From</th></tr></thead>
      <tbody>${found.map((team) => html`<tr key=${team.name}><th scope="row"><code>${team.name}</code></th><td>${team.title}${team.problem ? html` <span class="reason">${team.problem}</span>` : ""}</td><td>${team.origin}</td></tr>`)}</tbody></table></div>`}
  <//>`;
}

export function Gates() {
  return html`<${Whole} title="Gates" path="/api/gates" lead=${html`What can be measured of a project: <code>orchestrate gates</code> measures this folder, <code>orchestrate gates list</code> tells the same as this page.`}>
    ${(found) => html`<div class="scrolls" tabindex="0"><table><thead><tr><th scope="col">Gate</th><th scope="col">What it measures</th><th scope="col">Passes at</th><th scope="col">By</th></tr></thead>
      <tbody>${found.map((gate) => html`<tr key=${gate.name}><th scope="row"><code>${gate.name}</code></th><td>${gate.title}</td><td>${gate.threshold}</td><td>${gate.tool}</td></tr>`)}</tbody></table></div>`}
  <//>`;
}

// Figures as they come: numbers and words in a list, tables as tables.
function Value({ value }) {
  if (value === null || value === undefined) return html`<span class="quiet">unknown</span>`;
  if (Array.isArray(value)) {
    if (!value.length) return html`<span class="quiet">none</span>`;
    if (typeof value[0] !== "object" || value[0] === null) return html`${value.join(", ")}`;
    const names = [...new Set(value.flatMap((row) => Object.keys(row)))];
    return html`<div class="scrolls" tabindex="0"><table><thead><tr>${names.map((name) => html`<th scope="col">${words(name)}</th>`)}</tr></thead><tbody>${value.slice(0, 200).map((row) => html`<tr>${names.map((name) => html`<td><${Value} value=${row[name]} /></td>`)}</tr>`)}</tbody></table></div>`;
  }
  if (typeof value === "object") return html`<dl class="figures-list">${Object.entries(value).map(([name, one]) => html`<div><dt>${words(name)}</dt><dd><${Value} value=${one} /></dd></div>`)}</dl>`;
  if (typeof value === "number") return html`${Number.isInteger(value) ? value.toLocaleString("en-GB") : value.toLocaleString("en-GB", { maximumFractionDigits: 4 })}`;
  return html`${String(value)}`;
}

export function Metrics() {
  return html`<${Whole} title="Metrics" path="/api/metrics" lead=${html`Over all sessions of this workspace; <code>orchestrate metrics</code> tells the same in a terminal.`}>
    ${(found) => html`<${Value} value=${found} />`}
  <//>`;
}
