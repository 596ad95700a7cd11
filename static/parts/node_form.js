// The fields of one node of a team.  What is entered counts once it is done: at Enter, or when the field is left.
import { useState } from "preact/hooks";
import { html } from "/static/html.js";
import { kindOf } from "/static/team_edits.js";

const names = (text) => text.split(",").map((one) => one.trim()).filter(Boolean);

function figures(text) {
  const found = {};
  for (const one of names(text)) {
    const cut = one.lastIndexOf("=");
    const value = Number(one.slice(cut + 1));
    if (cut < 1 || one.slice(cut + 1).trim() === "" || Number.isNaN(value)) throw new Error(`“${one}” is not of the form name = number`);
    found[one.slice(0, cut).trim()] = value;
  }
  return found;
}

// How a value is shown, and how what was typed becomes one; an Error says why it does not.
const WAYS = {
  text: [(value) => value, (text) => text.trim()],
  long: [(value) => value, (text) => text],
  number: [String, (text) => {
    if (Number.isNaN(Number(text))) throw new Error(`“${text}” is no number`);
    return Number(text);
  }],
  names: [(value) => value.join(", "), names],
  figures: [(value) => Object.entries(value).map(([name, figure]) => `${name} = ${figure}`).join(", "), figures],
  json: [(value) => JSON.stringify(value, null, 2), (text) => {
    const value = JSON.parse(text);
    if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Error("it is no JSON object");
    return value;
  }],
};

// A line or a text; what is typed stays there, whatever is drawn anew meanwhile, until it is done and taken.
export function Entry({ long, value, onDone, ...more }) {
  const [draft, setDraft] = useState(null);
  const done = (event) => {
    if (draft !== null && onDone(event.currentTarget.value) !== false) setDraft(null);
  };
  const all = { ...more, value: draft ?? value, onInput: (event) => setDraft(event.currentTarget.value), onChange: done, onBlur: done };
  return long ? html`<textarea ...${all} />` : html`<input type="text" autocomplete="off" ...${all} />`;
}

const of = (...strategies) => (node) => strategies.includes(node.strategy);
const FIELDS = {
  strategy: [
    ["strategy", "Strategy", (parts) => parts.strategies],
    ["title", "Title", "text"],
    ["rounds", "Rounds", "number", of("debate")],
    ["at_most", "At most so many times", "number", of("repeat", "best_of")],
    ["threshold", "Threshold, 0 to 1", "number", of("teaching", "adaptive", "parallel")],
    ["aggregator", "Aggregator", (parts) => parts.aggregators, of("parallel")],
    ["weights", "Weights: name = number, …", "figures", of("parallel")],
    ["priority", "Priority: names, the first counts most", "names", of("parallel")],
  ],
  agent: [
    ["template", "Template", (parts) => parts.templates.map((one) => one.id)],
    ["id", "Id", "text"],
    ["instructions", "Instructions", "long"],
    ["access", "Access", () => ["read", "write"]],
    ["agent", "CLI", (parts) => parts.agents],
  ],
  gates: [["thresholds", "Thresholds: gate = number, …", "figures"]],
  include: [["include", "File, in the same folder or below it", "text"]],
};
const MORE = [
  ["title", "Title", "text"],
  ["model", "Model", "text"],
  ["tier", "Tier", (parts) => parts.tiers],
  ["capabilities", "Capabilities: names, …", "names"],
  ["priority", "Priority", "number"],
  ["limits.timeout_s", "Time limit in seconds", "number"],
  ["limits.max_tokens", "Most tokens generated", "number"],
  ["limits.memory_mb", "Most memory in MiB", "number"],
  ["answer", "Answer: JSON-schema properties, as JSON", "json"],
];
const valueOf = (node, field) => field.split(".").reduce((value, name) => value?.[name], node);

function Field({ node, spec: [field, words, way], parts, onSet }) {
  const [wrong, setWrong] = useState("");
  const value = valueOf(node, field);
  const id = `field-${field}`;
  if (typeof way === "function") {
    const choices = way(parts);
    const known = value === undefined || choices.includes(value) ? choices : [value, ...choices];
    return html`<label for=${id}>${words}<select id=${id} value=${value ?? ""} onChange=${(event) => onSet(field, event.currentTarget.value || undefined)}>
      ${field !== "strategy" && html`<option value="" selected=${value === undefined}>not set</option>`}
      ${known.map((one) => html`<option key=${one} value=${one} selected=${one === value}>${one}</option>`)}</select></label>`;
  }
  const [show, take] = WAYS[way];
  const set = (text) => {
    try {
      const taken = text.trim() === "" ? undefined : take(text);
      setWrong("");
      onSet(field, taken);
      return true;
    } catch (error) {
      setWrong(`Not taken: ${error.message}.`);
      return false;
    }
  };
  const long = way === "long" || way === "json";
  return html`<div class="field"><label for=${id}>${words}<${Entry} id=${id} long=${long} rows=${long ? 5 : undefined} inputmode=${way === "number" ? "decimal" : undefined} spellcheck=${way === "long"} aria-invalid=${wrong ? "true" : undefined} value=${value === undefined ? "" : show(value)} onDone=${set} /></label>
    ${wrong && html`<span class="reason" role="alert">${wrong}</span>`}</div>`;
}

function GateChoice({ node, parts, onSet }) {
  const chosen = node.gates;
  const all = [...parts.gates, ...chosen.filter((name) => !parts.gates.includes(name))];
  const toggle = (name) => onSet("gates", chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  return html`<div class="filters"><fieldset class="chips"><legend>Gates</legend>${all.map((name) => html`<label key=${name} class=${`chip ${chosen.includes(name) ? "on" : ""}`}><input type="checkbox" checked=${chosen.includes(name)} onChange=${() => toggle(name)} />${name}</label>`)}</fieldset></div>`;
}

export function NodeForm({ node, parts, onSet }) {
  const kind = kindOf(node);
  const shown = FIELDS[kind].filter(([field, , , fits]) => !fits || fits(node) || node[field] !== undefined);
  const field = (spec) => html`<${Field} key=${spec[0]} node=${node} spec=${spec} parts=${parts} onSet=${onSet} />`;
  return html`<div class="fields">
    ${kind === "gates" && html`<${GateChoice} node=${node} parts=${parts} onSet=${onSet} />`}
    ${shown.map(field)}
    ${kind === "strategy" && node.strategy === "debate" && !node.synthesizer && html`<button type="button" onClick=${() => onSet("synthesizer", { id: "synthesizer", instructions: "Weigh the opinions, and say what follows from them." })}>Add a synthesizer</button>`}
    ${kind === "agent" && html`<details open=${MORE.some(([name]) => valueOf(node, name) !== undefined)}><summary>More of this agent</summary><div class="fields">${MORE.map(field)}</div></details>`}
  </div>`;
}
