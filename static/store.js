// Everything the page knows, as signals; the stream writes, the parts read.  Bounded: a million events later it is no larger.
import { batch, computed, signal } from "@preact/signals";

export const MOST_ROWS = 2000;

export const connection = signal({ state: "connecting", since: Date.now(), detail: "" });
export const session = signal(null);
export const workers = signal({});
export const reviews = signal({});
export const decisions = signal([]);
export const recoveries = signal([]);
export const questions = signal([]);
export const plan = signal([]);
export const chronicle = signal(nothingYet());
export const range = signal(null); // what is chosen on the axis of time: {from, to} in milliseconds
export const shownEntry = signal(null); // the entry that the event log is asked to show
export const timesShown = signal(0); // how often one was asked for: the same may be asked for again
export const shownWorker = signal(null); // the worker whose trace is open
export const change = signal(null); // what differs in the target, as it was looked at last
export const recent = signal(null); // the same since the last milestone, without its text
export const problem = signal(null);
export const answers = signal([]);
export const rows = signal([]);
export const dropped = signal(0);
export const now = signal(Date.now());
export const second = computed(() => Math.floor(now.value / 1000) * 1000); // for what is too much to draw four times a second
export const notice = signal({ text: "", bad: false, n: 0 });

const MOST_CALLS = 1600; // a little more than the server keeps
const MOST_MOMENTS = 700;
const DRAW_MS = 250;

function nothingYet() {
  return { upto: -1, leftOut: 0, turns: {}, calls: {}, milestones: {}, reviews: {}, questions: {}, commands: {}, spending: {} };
}

let known = nothingYet();
let showing = 0;
let shownAt = -DRAW_MS;

const KINDS = { turn: "turns", call: "calls", milestone: "milestones", review: "reviews", question: "questions", command: "commands", spending: "spending" };

// Marks of the axis of time are added to those that are known; whatever is newer wins.
export function takeMarks({ marks, upto, calls_left_out: leftOut }) {
  const all = known;
  for (const mark of marks) {
    const kind = all[KINDS[mark.what]];
    if (kind && !(kind[mark.key]?.n > mark.n)) kind[mark.key] = { ...mark, from: mark.since, to: mark.until };
  }
  all.leftOut += thin(all.calls);
  for (const kind of ["milestones", "commands", "turns", "reviews", "questions"]) thin(all[kind], MOST_MOMENTS);
  all.upto = Math.max(all.upto, upto);
  if (leftOut !== undefined) all.leftOut = Math.max(all.leftOut, leftOut);
  show();
}

// The oldest go, those that went well first; half of them at once, so that not every mark is paid for again.
function thin(table, most = MOST_CALLS) {
  const keys = Object.keys(table);
  if (keys.length <= most) return 0;
  const good = keys.filter((key) => table[key].ok !== false);
  const gone = (good.length ? good : keys).slice(0, keys.length - Math.floor(most / 2));
  for (const key of gone) delete table[key];
  return gone.length;
}

export function showEntry(number) {
  batch(() => {
    shownEntry.value = number;
    timesShown.value += 1;
  });
}

// The calls that failed, the newest first.
export const failedCalls = (admits = () => true) =>
  Object.values(chronicle.value.calls).filter((call) => call.ok === false && admits(call)).sort((a, b) => b.from - a.from || b.entry - a.entry);

// Beside the target lie the folders that each agent has for itself: a path in one of them is told from the session's on.
const near = (text) => text.replace(new RegExp(`[^\\s'"]*/${session.value.id}/`, "g"), "");

// A command says what is done; of any other call the tool does: a file may have been read, or written.
const RUNS_COMMANDS = /bash|shell|exec|command|terminal/i;
export const nearText = (call) => {
  const tool = String(call.detail.tool ?? "");
  return tool && !RUNS_COMMANDS.test(tool) && !call.text.startsWith(tool) ? `${tool} ${near(call.text)}` : near(call.text);
};

// What is known is added to as it comes; it is drawn a few times a second.
function show() {
  if (showing) return;
  const wait = Math.max(0, shownAt + DRAW_MS - performance.now());
  const draw = () => {
    showing = 0;
    shownAt = performance.now();
    chronicle.value = { ...known };
  };
  if (wait > 0) showing = setTimeout(draw, wait);
  else draw();
}

let asking = false;
let missed = -1; // an entry up to which the axis was told of something that it could not be added to
// What is drawn comes from samples of the journal: the whole of it replaces them.
let sketched = false;
let rowsSketched = false;

// What was missed of the axis of time is asked for, once at a time.
async function askForMarks() {
  if (asking || !session.value) return;
  asking = true;
  const id = session.value.id;
  try {
    const query = new URLSearchParams({ session: id, after: String(Math.max(0, known.upto)) });
    const answer = await fetch(`/api/timeline?${query}`);
    if (answer.ok) {
      const found = await answer.json();
      if (session.value?.id === id) {
        if (sketched) known = nothingYet();
        sketched = false;
        takeMarks(found);
        // What came while we waited for the answer may be in none of what we have.
        if (missed > known.upto) setTimeout(askForMarks, DRAW_MS);
      }
    }
  } catch {
    // The stream tells of the cut, and asks again when it is whole.
  } finally {
    asking = false;
  }
}

function takeTimeline({ from, to, marks }) {
  if (from > known.upto) {
    missed = Math.max(missed, to);
    askForMarks();
  } else takeMarks({ marks, upto: to });
}

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
  sketched = false;
  rowsSketched = false;
  batch(() => {
    session.value = null;
    workers.value = {};
    reviews.value = {};
    decisions.value = [];
    recoveries.value = [];
    questions.value = [];
    problem.value = null;
    answers.value = [];
    plan.value = [];
    known = nothingYet();
    missed = -1;
    chronicle.value = { ...known };
    range.value = null;
    shownEntry.value = null;
    shownWorker.value = null;
    change.value = null;
    recent.value = null;
    rows.value = [];
    dropped.value = 0;
  });
}

export function takeEntry(entry) {
  if (rowsSketched) rows.value = [];
  rowsSketched = false;
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
    if (state.plan) plan.value = state.plan;
    if (state.timeline) takeTimeline(state.timeline);
    tick();
  });
  if (state.whole) askForMarks();
}

// What the report and samples of the journal say, until the journal has been read; whatever the stream tells is newer.
export function takeOpening(told) {
  if (session.value) return;
  batch(() => {
    session.value = { ...told.session, preliminary: true };
    workers.value = told.workers;
    reviews.value = told.reviews;
    decisions.value = told.decisions;
    recoveries.value = told.recoveries;
    questions.value = told.questions;
    rows.value = told.rows;
    sketched = true;
    rowsSketched = true;
    takeMarks(told.timeline);
    known.upto = -1;
    const changed = told.change;
    if (changed && !changed.problem) change.value = { text: "", files: changed.files, insertions: changed.insertions, deletions: changed.deletions, is_cut: false, of: "the report", figures: [], since: "session begins", moments: [] };
  });
}

export function takeBeat(beat) {
  takeClock(beat.at);
  problem.value = beat.problem;
  if (session.value && session.value.live !== beat.live) session.value = { ...session.value, live: beat.live };
}
