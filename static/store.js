// Everything the page knows, as signals; the stream writes, the parts read.  Bounded: a million events later it is no larger.
import { batch, signal } from "@preact/signals";

export const MOST_ROWS = 2000;

export const connection = signal({ state: "connecting", since: Date.now(), detail: "" });
export const session = signal(null);
export const workers = signal({});
export const reviews = signal({});
export const decisions = signal([]);
export const recoveries = signal([]);
export const questions = signal([]);
export const problem = signal(null);
export const answers = signal([]);
export const rows = signal([]);
export const dropped = signal(0);
export const now = signal(Date.now());
export const notice = signal({ text: "", bad: false, n: 0 });

// The server's clock minus ours, so that ages are right on a machine whose clock is not.
let offset = 0;
let pending = [];
let scheduled = false;

export function tick() {
  now.value = Date.now() + offset;
}

export function say(text, bad = false) {
  notice.value = { text, bad, n: notice.value.n + 1 };
}

export function forget() {
  pending = [];
  batch(() => {
    session.value = null;
    workers.value = {};
    reviews.value = {};
    decisions.value = [];
    recoveries.value = [];
    questions.value = [];
    problem.value = null;
    answers.value = [];
    rows.value = [];
    dropped.value = 0;
  });
}

export function takeEntry(entry) {
  pending.push(...entry.rows);
  // A page in the background draws no frames; what waits for one is bounded all the same.
  if (pending.length > MOST_ROWS) flush();
  if (!scheduled) {
    scheduled = true;
    requestAnimationFrame(flush);
  }
}

export function flush() {
  scheduled = false;
  if (!pending.length) return;
  const all = rows.value.concat(pending);
  pending = [];
  dropped.value += Math.max(0, all.length - MOST_ROWS);
  rows.value = all.slice(-MOST_ROWS);
}

export function takeClock(iso) {
  const measured = Date.parse(iso) - Date.now();
  // The delay of one message is not a change of clock.
  if (Math.abs(measured - offset) > 1500 || measured > offset) offset = measured;
}

export function takeState(state) {
  flush();
  takeClock(state.at);
  batch(() => {
    session.value = state.whole ? state.session : { ...session.value, ...state.session };
    workers.value = state.whole ? state.workers : { ...workers.value, ...state.workers };
    reviews.value = state.whole ? state.reviews : { ...reviews.value, ...state.reviews };
    problem.value = state.problem;
    if (state.decisions) decisions.value = state.decisions;
    if (state.recoveries) recoveries.value = state.recoveries;
    if (state.questions) questions.value = state.questions;
    if (state.answers) answers.value = state.answers;
    tick();
  });
}

export function takeBeat(beat) {
  takeClock(beat.at);
  problem.value = beat.problem;
  if (session.value && session.value.live !== beat.live) session.value = { ...session.value, live: beat.live };
}
