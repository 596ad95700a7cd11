// The plan as a tree: each node with its state, its agent, its time and its tokens; finished branches fold.
import { useState } from "preact/hooks";
import { html } from "/static/html.js";
import { GONE, isOver, ranSeconds, tokens, tokensOf, took, words } from "/static/format.js";
import { plan, second, session, shownWorker, workers } from "/static/store.js";

function sums(node, all) {
  const own = node.workers.map((name) => all[name]).filter(Boolean);
  const counted = own.map((worker) => worker.total_tokens).filter((count) => count !== null && count !== undefined);
  return { seconds: own.reduce((sum, worker) => sum + ranSeconds(worker, second.value), 0), tokens: counted.length ? counted.reduce((a, b) => a + b, 0) : null, ran: own.some((worker) => worker.attempt > 0) };
}

// Nothing runs and nothing is waited for once the session has ended, whatever its last entry left open.
const ended = (state) => (isOver(session.value) || !session.value.live ? ({ waiting: "not_begun", running: "stopped", starting: "stopped", silent: "stopped" }[state] ?? state) : state);

// A node's own state; an agent at work is in the state of its worker.
function stateOf(node, all) {
  const worker = node.worker ? all[node.worker] : null;
  if (worker && (!node.state || node.state === "runs")) return ended(worker.status);
  return ended({ waits: "waiting", runs: "running", done: "done", failed: "failed", not_measured: "not_measured" }[node.state] ?? "waiting");
}

const isOverState = (state) => GONE.has(state) || state === "not_measured";
const isBelow = (path, top) => path.startsWith(`${top}.`);

// A branch runs while one of its steps does; where all that have begun stand still it stands still as they do.
function together(states) {
  const begun = states.filter((one) => one !== "waiting" && one !== "not_begun");
  if (!begun.length) return "waiting";
  const open = [...new Set(begun.filter((one) => !isOverState(one)))];
  return open.length === 1 && ["frozen", "limited", "parked"].includes(open[0]) ? open[0] : "running";
}

function whole(node, nodes, all) {
  const below = nodes.filter((one) => isBelow(one.path, node.path) && one.kind !== "strategy");
  const states = below.map((one) => stateOf(one, all));
  const added = below.map((one) => sums(one, all));
  const counted = added.map((sum) => sum.tokens).filter((count) => count !== null);
  let state = stateOf(node, all);
  if (!node.state || node.state === "runs")
    state = states.length && states.every(isOverState) ? (states.includes("failed") ? "failed" : "done") : ended(together(states));
  return { state, seconds: added.reduce((sum, one) => sum + one.seconds, 0), tokens: counted.length ? counted.reduce((a, b) => a + b, 0) : null, ran: added.some((one) => one.ran), isOver: states.length > 0 && states.every(isOverState) };
}

function Row({ node, nodes, all, folded, fold }) {
  const isInner = node.kind === "strategy";
  const sum = isInner ? whole(node, nodes, all) : { ...sums(node, all), state: stateOf(node, all) };
  const name = words(node.name);
  const worker = node.worker;
  return html`<tr class=${`node is-${sum.state}`}>
    <th scope="row" style=${`--depth:${node.depth}`}>
      ${isInner
        ? html`<button type="button" class="fold" aria-expanded=${folded ? "false" : "true"} aria-label=${`${folded ? "Unfold" : "Fold"} ${name}`} onClick=${fold}>${folded ? "▸" : "▾"}</button>`
        : html`<span class=${`dot span-${sum.state}`} aria-hidden="true"></span>`}
      ${worker ? html`<button type="button" class="link" onClick=${() => (shownWorker.value = worker)}>${name}</button>` : html`<span>${name}</span>`}
      ${node.title && html` <span class="quiet title">${node.title}</span>`}
      ${node.why && html`<small class="why">${node.why}</small>`}
    </th>
    <td>${node.agent ? html`<span class=${`agent agent-${node.agent}`}>${node.agent}</span>${node.access === "write" ? html` <span class="quiet">writes</span>` : ""}` : ""}</td>
    <td><span class=${`badge status-${sum.state}`}>${words(sum.state)}</span>${node.rounds > 1 ? html` <span class="quiet">round ${node.rounds}</span>` : ""}</td>
    <td class=${`figure${sum.ran ? "" : " unsaid"}`} data-label="Ran">${sum.ran ? took(sum.seconds) : "–"}</td>
    <td class=${`figure${sum.ran ? "" : " unsaid"}`} data-label="Tokens">${sum.ran ? tokens(sum.tokens) : "–"}</td>
  </tr>`;
}

// The steps are not all: reviewers that were called in took time and tokens as well, and both together are the session's.
function Sums({ all }) {
  const called = Object.values(all).filter((worker) => !worker.is_main);
  if (!called.length) return null;
  const counts = called.map((worker) => worker.total_tokens).filter((count) => count !== null && count !== undefined);
  return html`<tfoot>
    <tr><th scope="row">reviewers called in <span class="quiet">${called.length}</span></th><td></td><td></td><td class="figure" data-label="Ran">${took(called.reduce((sum, worker) => sum + ranSeconds(worker, second.value), 0))}</td><td class="figure" data-label="Tokens">${counts.length ? tokens(counts.reduce((a, b) => a + b, 0)) : "unknown"}</td></tr>
    <tr class="in-all"><th scope="row">in all</th><td></td><td></td><td class="figure unsaid"></td><td class="figure" data-label="Tokens">${tokensOf(session.value)}</td></tr>
  </tfoot>`;
}

export function Tree() {
  const nodes = plan.value;
  const all = workers.value;
  const [folds, setFolds] = useState({});
  if (!nodes.length) return null;
  const root = nodes[0];
  const isFolded = (node) => folds[node.path] ?? (node.kind === "strategy" && node.path !== root.path && whole(node, nodes, all).isOver);
  const hidden = nodes.filter((node) => node.kind === "strategy" && isFolded(node)).map((node) => node.path);
  const shown = nodes.filter((node) => !hidden.some((top) => isBelow(node.path, top)));
  const team = session.value.team;
  const board = session.value.board ?? [];
  return html`<section aria-labelledby="tree-title" class="tree">
    <h2 id="tree-title">Plan ${team && html`<span class="quiet">team ${team}${session.value.team_because ? `: ${session.value.team_because}` : ""}</span>`}</h2>
    <div class="scrolls" tabindex="0"><table class="plan">
      <thead><tr><th scope="col">Step</th><th scope="col">Agent</th><th scope="col">State</th><th scope="col" class="figure">Ran</th><th scope="col" class="figure">Tokens</th></tr></thead>
      <tbody>${shown.map((node) => html`<${Row} key=${node.path} node=${node} nodes=${nodes} all=${all} folded=${isFolded(node)} fold=${() => setFolds({ ...folds, [node.path]: !isFolded(node) })} />`)}</tbody>
      <${Sums} all=${all} />
    </table></div>
    ${board.length > 0 && html`<details open=${board.length <= 12}><summary><h3>Tasks and notes of the team</h3> <span class="quiet">${board.length}</span></summary><ul class="board">${board.map((line) => html`<li>${line}</li>`)}</ul></details>`}
  </section>`;
}
