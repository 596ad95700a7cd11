// The composition builder: a team as a tree that is put together by mouse and by keyboard, and what the server says of it.
import { computed, effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "/static/html.js";
import { say } from "/static/store.js";
import { add, at, change, drop, isSame, kindOf, label, move, remove, rows } from "/static/team_edits.js";
import { TREE_KEYS } from "/static/parts/keys.js";
import { Entry, NodeForm } from "/static/parts/node_form.js";

const CHECK_AFTER_MS = 150;
const MOST_UNDONE = 200;
const EMPTY = { plan: { strategy: "sequential", children: [] } };

const parts = signal(null);
const teams = signal([]);
const problem = signal("");
const file = signal(null); // {name, origin, digest, comments, path} of what was opened or saved
const name = signal("");
const task = signal("");
const state = signal({ team: EMPTY, place: [] });
const past = signal([]);
const future = signal([]);
const kept = signal(JSON.stringify(EMPTY));
const checked = signal(null);
const saving = signal(false);
const dragged = signal(null);
const drawn = signal(0); // counts the forms: one that is left takes with it what was typed and not taken
const isChanged = computed(() => JSON.stringify(state.value.team) !== kept.value || (file.value !== null && name.value !== nameOf(file.value, state.value.team)));

// Whether saving means the file that was opened; under another name it is a new one.
const isOwn = computed(() => file.value?.origin === "user" && name.value === nameOf(file.value, JSON.parse(kept.value)));
const nameOf = (opened, team) => (typeof team.name === "string" ? team.name : opened.name);

async function ask(path, method = "GET", body = undefined) {
  const answer = await fetch(path, { method, ...(body ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } } : {}) });
  return { ok: answer.ok, found: await answer.json() };
}

const told = (found) => (found.hint ? `${found.detail}. ${found.hint}` : found.detail);

// Every change goes through here, so that each can be undone.
function become(next, why = "") {
  if (!next) {
    if (why) say(why, true);
    return;
  }
  if (JSON.stringify(next.team) === JSON.stringify(state.value.team)) return;
  past.value = [...past.value, state.value].slice(-MOST_UNDONE);
  future.value = [];
  state.value = next;
}

function edit(made, why) {
  drawn.value += 1;
  become(made && { team: { ...state.value.team, plan: made.plan }, place: made.place }, why);
}

function step(from, to) {
  const next = from.value.at(-1);
  if (!next) return;
  drawn.value += 1;
  to.value = [...to.value, state.value];
  from.value = from.value.slice(0, -1);
  state.value = next;
}

function select(place) {
  if (!isSame(place, state.value.place)) drawn.value += 1;
  state.value = { ...state.value, place };
}

const item = () => document.querySelector("[role=treeitem][tabindex='0']");
// After the change has been drawn.
const toItem = () => requestAnimationFrame(() => requestAnimationFrame(() => item()?.focus()));
const toForm = () => document.querySelector(".node-form :is(select, input, textarea)")?.focus();

function describe(text) {
  const { description: _, ...rest } = state.value.team;
  become({ ...state.value, team: text.trim() ? { description: text.trim(), ...rest } : rest });
}

const MADE = {
  agent: () => ({ template: parts.value.templates[0].id }),
  strategy: () => ({ strategy: "parallel", children: [] }),
  gates: () => ({ gates: [parts.value.gates.includes("tests") ? "tests" : parts.value.gates[0]] }),
};
const insert = (kind) => edit(add(state.value.team.plan, state.value.place, MADE[kind]()));
const shift = (where) => edit(move(state.value.team.plan, state.value.place, where), "It cannot be moved there.");
const take = () => edit(remove(state.value.team.plan, state.value.place), "The whole team is not removed: choose a part of it.");

const teamNow = computed(() => state.value.team);
let asked = 0;
let timer = null;
effect(() => {
  const body = { tree: teamNow.value, name: isOwn.value ? file.value.name : name.value || "team", task: task.value };
  if (!parts.value) return;
  clearTimeout(timer);
  const number = (asked += 1);
  timer = setTimeout(async () => {
    try {
      const { ok, found } = await ask("/api/builder/check", "POST", body);
      if (number === asked) checked.value = ok ? found : { right: false, verdict: told(found), toml: "", outline: [], estimate: "" };
    } catch (error) {
      if (number === asked) checked.value = { right: false, verdict: `it was not checked: ${error.message}`, toml: "", outline: [], estimate: "" };
    }
  }, CHECK_AFTER_MS);
});

async function begin() {
  try {
    const [made, known] = [await ask("/api/builder/parts"), await ask("/api/builder/teams")];
    if (!made.ok) throw new Error(told(made.found));
    teams.value = known.ok ? known.found : [];
    if (!known.ok) say(told(known.found), true);
    const wanted = new URLSearchParams(location.search);
    if (wanted.get("team")) {
      const { ok, found } = await ask(`/api/builder/team?${new URLSearchParams({ name: wanted.get("team"), origin: wanted.get("origin") ?? "user" })}`);
      if (!ok) throw new Error(told(found));
      const { tree, ...opened } = found;
      kept.value = JSON.stringify(tree);
      file.value = opened;
      name.value = nameOf(opened, tree);
      state.value = { team: tree, place: [] };
    }
    parts.value = made.found;
  } catch (error) {
    problem.value = error.message;
  }
}

async function save(withoutComments = false) {
  if (saving.value) return;
  saving.value = true;
  try {
    const opened = isOwn.value ? file.value : null;
    const unnamed = (team) => {
      const { name: _, ...rest } = team;
      return opened ? team : rest;
    };
    const tree = unnamed(state.value.team);
    const { ok, found } = await ask(`/api/builder/team?${new URLSearchParams({ name: opened?.name ?? name.value })}`, "PUT", { tree, seen: opened?.digest ?? null, without_comments: withoutComments });
    if (!ok && found.hint === "without_comments") {
      saving.value = false;
      if (confirm(`${found.detail}. Save it without its comments?`)) await save(true);
      else say("Not saved: the file is as it was.", true);
      return;
    }
    if (!ok) return say(`Not saved: ${told(found)}`, true);
    file.value = { name: found.name, origin: "user", digest: found.digest, comments: found.digest === opened?.digest ? opened.comments : 0, path: found.path };
    kept.value = JSON.stringify(tree);
    if (!opened) state.value = { ...state.value, team: unnamed(state.value.team) };
    history.replaceState(null, "", `?${new URLSearchParams({ team: found.name })}`);
    const known = await ask("/api/builder/teams");
    if (known.ok) teams.value = known.found;
    say(`Saved: orchestrate "task" --team ${name.value}`);
  } catch (error) {
    say(`Not saved: ${error.message}`, true);
  } finally {
    saving.value = false;
  }
}

function leaving(event) {
  if (isChanged.value) event.preventDefault();
}

const ARROWS = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "out", ArrowRight: "in" };

function pressed(event) {
  const { team, place } = state.value;
  const shown = rows(team.plan);
  const number = shown.findIndex((row) => isSame(row.place, place));
  const go = (to) => to && select(to.place);
  const key = event.key;
  if (event.ctrlKey || event.metaKey) return;
  if (event.altKey) {
    if (!ARROWS[key]) return;
    shift(ARROWS[key]);
  } else if (key === "ArrowUp") go(shown[number - 1]);
  else if (key === "ArrowDown") go(shown[number + 1]);
  else if (key === "ArrowLeft") place.length > 0 && select(place.slice(0, -1));
  else if (key === "ArrowRight") shown[number + 1]?.place.length > place.length && go(shown[number + 1]);
  else if (key === "Home") go(shown[0]);
  else if (key === "End") go(shown.at(-1));
  else if (key === "a") insert("agent");
  else if (key === "s") insert("strategy");
  else if (key === "g") insert("gates");
  else if (key === "Delete" || key === "Backspace") take();
  else if (key === "Enter") toForm();
  else return;
  event.preventDefault();
  if (key !== "Enter") toItem();
}

// Undoing works wherever no text is being typed: there it is the field's own.
function pressedAnywhere(event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.target.closest?.("input, textarea, dialog[open]")) return;
  const key = event.key.toLowerCase();
  if (key === "z" && !event.shiftKey) step(past, future);
  else if (key === "y" || key === "z") step(future, past);
  else return;
  event.preventDefault();
  if (event.target.closest?.("[role=tree]")) toItem();
}

const THINGS = { agent: "agent", strategy: "strategy", gates: "gates", include: "another file" };

function words(node, place) {
  switch (kindOf(node)) {
    case "strategy": return [node.strategy.replaceAll("_", " "), node.title ?? ""];
    case "gates": return [node.gates.join(", ") || "none chosen", ""];
    case "include": return [node.include, ""];
    default: return [node.id ?? node.template ?? "not named yet", [node.title, node.agent, node.access === "write" && "writes", place.at(-1) === "synthesizer" && "synthesizer"].filter(Boolean).join(", ")];
  }
}

function Item({ row, isSelected, wrong }) {
  const { node, place } = row;
  const [what, more] = words(node, place);
  const here = label(place);
  const isOver = dragged.value?.over === here;
  const dropped = (event) => {
    event.preventDefault();
    const from = dragged.value?.from;
    dragged.value = null;
    if (from) edit(drop(state.value.team.plan, from, place), "It cannot be moved there.");
  };
  return html`<li role="treeitem" aria-level=${place.length + 1} aria-setsize=${row.of} aria-posinset=${row.number} aria-selected=${isSelected ? "true" : "false"} aria-label=${`${THINGS[kindOf(node)]} ${what}${more ? `, ${more}` : ""}, ${here}${wrong ? ", something is wrong here" : ""}`} tabindex=${isSelected ? 0 : -1}
      class=${`kind-${kindOf(node)} ${wrong ? "is-wrong" : ""} ${isOver ? "is-over" : ""}`} style=${{ "--depth": place.length }} draggable=${place.length > 0 && typeof place.at(-1) === "number"}
      onClick=${(event) => { select(place); event.currentTarget.focus(); }} onDblClick=${toForm}
      onDragStart=${(event) => { event.dataTransfer.setData("text/plain", here); event.dataTransfer.effectAllowed = "move"; dragged.value = { from: place, over: "" }; }}
      onDragOver=${(event) => { if (!dragged.value) return; event.preventDefault(); if (!isOver) dragged.value = { ...dragged.value, over: here }; }}
      onDragEnd=${() => (dragged.value = null)} onDrop=${dropped}>
    <span class="kind">${kindOf(node)}</span> <b>${what}</b> <span class="quiet">${more}</span> <span class="quiet path">${here}</span></li>`;
}

function Tree() {
  const { team, place } = state.value;
  const wrong = /\(node ([\w.]+) of the plan\)/.exec(checked.value && !checked.value.right ? checked.value.verdict : "")?.[1];
  return html`<ul role="tree" aria-label="The team" class="team-tree" onKeyDown=${pressed}>
    ${rows(team.plan).map((row) => html`<${Item} key=${label(row.place)} row=${row} isSelected=${isSame(row.place, place)} wrong=${wrong === label(row.place)} />`)}</ul>`;
}

function Bar() {
  const { team, place } = state.value;
  const can = (where) => Boolean(move(team.plan, place, where));
  const button = (text, act, isOn = true, more = "") => html`<button type="button" class=${more} disabled=${!isOn} onClick=${act}>${text}</button>`;
  return html`<div class="controls" role="group" aria-label="Change the team">
    ${button("Add agent", () => insert("agent"))} ${button("Add strategy", () => insert("strategy"))} ${button("Add gates", () => insert("gates"))}
    ${button("Move up", () => shift("up"), can("up"))} ${button("Move down", () => shift("down"), can("down"))} ${button("Move in", () => shift("in"), can("in"))} ${button("Move out", () => shift("out"), can("out"))}
    ${button("Remove", take, place.length > 0, "danger")} ${button("Undo", () => step(past, future), past.value.length > 0)} ${button("Redo", () => step(future, past), future.value.length > 0)}
  </div>`;
}

function Said() {
  const found = checked.value;
  const lines = found?.toml ? found.toml.replace(/\n$/, "").split("\n") : [];
  return html`<section aria-labelledby="said-title">
    <h2 id="said-title">What it comes to</h2>
    <p role="status" class=${found && !found.right ? "verdict reason" : "verdict"}>${found ? html`<span class=${`badge ${found.right ? "status-done" : "status-failed"}`}>${found.right ? "right" : "not right yet"}</span> ${found.right ? found.verdict.replace(/^right; /, "") : found.verdict}` : "Checking…"}</p>
    ${found?.right && html`<h3>The plan</h3><pre class="outline" tabindex="0" aria-label="The plan as an outline">${found.outline.join("\n")}</pre>`}
    <h3>What it takes</h3>
    <label class="wide">Task that is estimated<${Entry} value=${task.value} onDone=${(text) => { task.value = text; }} /></label>
    ${found?.right && html`<p class="estimate">${found.estimate}</p>`}
    <h3>The file</h3>
    <pre class="toml" tabindex="0" aria-label="The file as TOML">${lines.map((line, i) => (found.line === i + 1 ? html`<mark>${line}</mark>${"\n"}` : `${line}\n`))}</pre>
  </section>`;
}

function Opened() {
  const opened = file.value;
  return html`<p class="quiet opens">Open: ${teams.value.length === 0 && "none is there yet"} ${teams.value.map((one) => html`<a key=${`${one.origin} ${one.name}`} href=${`/builder?${new URLSearchParams(one.origin === "user" ? { team: one.name } : { team: one.name, origin: one.origin })}`}>${one.name}${one.origin === "user" ? "" : " (of the project)"}</a> `)}<a href="/builder">a new one</a></p>
    ${opened?.origin === "project" && html`<p class="reason">A team of the project can be read here, and not written. Saved, it is a copy of your own; in the project its own goes before it.</p>`}
    ${opened?.comments > 0 && html`<p class="quiet">${`The file has ${opened.comments} comment${opened.comments === 1 ? "" : "s"}. Saved with a change it has none; you are asked before.`}</p>`}`;
}

export function Builder() {
  useEffect(() => {
    document.addEventListener("keydown", pressedAnywhere);
    addEventListener("beforeunload", leaving);
    begin();
    return () => {
      document.removeEventListener("keydown", pressedAnywhere);
      removeEventListener("beforeunload", leaving);
    };
  }, []);
  useEffect(() => {
    document.title = `${isChanged.value ? "* " : ""}${name.value || "a new team"} – orchestrate`;
  }, [isChanged.value, name.value]);
  if (problem.value) return html`<section aria-labelledby="page-title"><h1 id="page-title">Build a team</h1><p class="reason">${problem.value}</p><p><a href="/builder">Begin a new one</a></p></section>`;
  if (!parts.value) return html`<section aria-labelledby="page-title"><h1 id="page-title">Build a team</h1><p class="quiet">Looking…</p></section>`;
  const { team, place } = state.value;
  const node = at(team.plan, place);
  // The node that the field was drawn for, in the plan as it is by now.
  const set = (field, value) => {
    const now = state.value.team;
    if (rows(now.plan).some((row) => isSame(row.place, place))) become({ team: { ...now, plan: change(now.plan, place, field, value).plan }, place: state.value.place });
  };
  const back = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    item()?.focus();
  };
  return html`<section aria-labelledby="page-title" class="build-head">
      <h1 id="page-title">Build a team</h1>
      <${Opened} />
      <div class="filters">
        <label>Name<input type="text" id="team-name" autocomplete="off" spellcheck=${false} value=${name.value} onInput=${(event) => (name.value = event.currentTarget.value.trim())} /></label>
        <label class="grow">Description<${Entry} id="team-description" value=${team.description ?? ""} onDone=${describe} /></label>
        <button type="button" class="primary" disabled=${saving.value || !name.value || !checked.value?.right} onClick=${() => save()}>Save</button>
      </div>
      <p class="quiet">${file.value?.origin === "user" ? html`${isChanged.value ? "Changed since it was saved: " : "As saved in "}<code>${file.value.path}</code>` : html`It will be saved in <code>${parts.value.folder}</code>.`}</p>
    </section>
    <div class="build">
      <section aria-labelledby="team-title">
        <h2 id="team-title">The team</h2>
        <${Bar} />
        <${Tree} />
        <details class="tree-keys"><summary>Keys in the tree</summary><dl class="keys-list">${TREE_KEYS.map(([key, text]) => html`<div><dt>${key.split(" ").map((one) => html`<kbd>${one}</kbd> `)}</dt><dd>${text}</dd></div>`)}</dl><p class="quiet">By mouse: drag a part onto a strategy to put it in there, onto another part to put it in front.</p></details>
        <div class="node-form" role="group" aria-labelledby="node-title" onKeyDown=${back} key=${drawn.value}>
          <h2 id="node-title">Selected: ${THINGS[kindOf(node)]} <span class="quiet">${label(place)}</span></h2>
          <${NodeForm} node=${node} parts=${parts.value} onSet=${set} />
        </div>
      </section>
      <${Said} />
    </div>`;
}
