// Keys that work anywhere on a session's page, and the list of them.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "/static/html.js";
import { act } from "/static/actions.js";
import { connection, questions, session, workers } from "/static/store.js";

const shown = signal(false);
const goTo = (id) => () => {
  const there = document.getElementById(id);
  there?.scrollIntoView({ block: "start" });
  there?.closest("section")?.querySelector("button, textarea, summary, [tabindex='0'], select, input")?.focus({ preventScroll: true });
};
const live = () => session.value?.live && connection.value.state === "live";
const allFrozen = () => {
  const living = Object.values(workers.value).filter((worker) => !worker.exit && worker.attempt > 0);
  return living.length > 0 && living.every((worker) => worker.status === "frozen");
};
// Who dictates, or types with a switch, can do without single keys; "?" stays, for the way back.
const KEPT = "orchestrate-keys";
const listens = signal(localStorage.getItem(KEPT) !== "off");

const KEYS = [
  ["?", "This list", () => (shown.value = !shown.value)],
  ["a", "To the question that waits for you", () => questions.value.length && goTo("questions-title")()],
  ["t", "To the axis of time (there: + and − zoom, arrows move, Enter chooses, 0 shows all)", () => document.querySelector(".axis-box")?.focus()],
  ["n", "To the plan", goTo("tree-title")],
  ["d", "To what has changed", goTo("diff-title")],
  ["e", "To the event log", goTo("events-title")],
  ["/", "Search the event log", () => document.getElementById("events-text")?.focus()],
  ["p", "Pause all; again: let all run on", () => {
    if (!live()) return;
    const name = allFrozen() ? "resume" : "pause";
    act(name, {}, name === "pause" ? "Asked to pause every worker." : "Asked to resume every worker.");
  }],
  ["r", "Ask for a review", () => live() && confirm("Ask for a review? Its reviewers are paid for.") && act("review", {}, "Asked for a review.")],
  ["s", "All sessions", () => location.assign("/sessions")],
];

// In the tree of the composition builder, and only while that has the focus.
export const TREE_KEYS = [
  ["↑ ↓", "Select the part before or after"],
  ["← →", "Select the strategy around it, or the first part in it"],
  ["Enter", "Edit the selected part; Escape leads back to the tree"],
  ["a", "Add an agent: in the selected strategy, else behind the selected part"],
  ["s", "Add a strategy"],
  ["g", "Add gates; where a strategy ends or chooses by gates, these"],
  ["Alt+↑ Alt+↓", "Move it among those beside it"],
  ["Alt+→ Alt+←", "Move it into the strategy before it, or out of the one that it is in"],
  ["Delete", "Remove it"],
  ["Ctrl+Z Ctrl+Y", "Undo; do it again"],
];

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest?.("input, textarea, select, dialog[open]")) return;
  if (!listens.value && event.key !== "?") return;
  const found = KEYS.find(([key]) => key === event.key);
  if (!found || (location.pathname !== "/" && event.key !== "?" && (event.key !== "s" || location.pathname === "/builder"))) return;
  event.preventDefault();
  found[2]();
});

export const showKeys = () => (shown.value = true);

export function Keys() {
  const dialog = useRef(null);
  useEffect(() => {
    if (shown.value && !dialog.current.open) dialog.current.showModal();
    if (!shown.value && dialog.current.open) dialog.current.close();
  }, [shown.value]);
  return html`<dialog ref=${dialog} class="keys" aria-labelledby="keys-title" onClose=${() => (shown.value = false)}>
    <div class="dialog-head"><h2 id="keys-title">Keys</h2><button type="button" onClick=${() => dialog.current.close()}>Close</button></div>
    <label class="check"><input type="checkbox" checked=${listens.value} onChange=${(event) => {
      listens.value = event.currentTarget.checked;
      localStorage.setItem(KEPT, listens.value ? "on" : "off");
    }} /> Single keys do something</label>
    ${location.pathname === "/builder" && html`<h3>In the tree of a team</h3><dl>${TREE_KEYS.map(([key, words]) => html`<div><dt>${key.split(" ").map((one) => html`<kbd>${one}</kbd> `)}</dt><dd>${words}</dd></div>`)}</dl><h3>Elsewhere</h3>`}
    <dl>${KEYS.map(([key, words]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${words}</dd></div>`)}</dl>
  </dialog>`;
}
