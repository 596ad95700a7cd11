// The decision desk: what waits for a person, who asks it and why, what speaks for it, and what each answer does.
import { effect } from "@preact/signals";
import { useState } from "preact/hooks";
import { html } from "/static/html.js";
import { act, isBusy } from "/static/actions.js";
import { clock, duration, momentName } from "/static/format.js";
import { allowNotes, permission } from "/static/notifications.js";
import { chronicle, connection, now, questions, recent, say, session } from "/static/store.js";
import { openChange } from "/static/parts/diff.js";

// The first words of a suggestion say what choosing it does, as session/choices.py has it.
const TAKES_WORDS = /^answer with /;
const SENDS_NOTHING = /^(look |read |wait)/;
const STOPS = /^stop\b/;
const MOST_FILES = 6;

// What stands between backticks is a command.
const marked = (text) => text.split("`").map((part, i) => (i % 2 ? html`<code>${part}</code>` : part));

// A suggestion's first clause is its name.
const nameOf = (words) => words.split(";")[0];

// What this page has answered and not heard the outcome of: whether another answer came first is told then.
const sent = new Map();

effect(() => {
  for (const settled of session.value?.settled ?? []) {
    const mine = sent.get(settled.question);
    if (mine === undefined) continue;
    sent.delete(settled.question);
    if (settled.answer && settled.by !== "dashboard" && settled.answer.toLowerCase() !== mine.toLowerCase())
      say(`${settled.question} was answered first from ${settled.by}${settled.who ? ` (${settled.who})` : ""}: “${settled.answer}”. That counts; yours does not.`, true);
  }
});

// What follows is told by the server, in the words of the event log as well.
function Choice({ words, effect, number, off, take, field }) {
  const name = nameOf(words);
  // An ended session needs no stopping, and a button that cannot be pressed says nothing.
  if (off === "ended") return html`<li class="choice idle"><span class="number">${number}</span><span><b>${name}</b> <span class="quiet">The session has ended already.</span></span></li>`;
  if (SENDS_NOTHING.test(words)) return html`<li class="choice idle"><span class="number">${number}</span><span><b>${name}</b> <span class="quiet">${effect}</span></span></li>`;
  return html`<li>
    <button type="button" class=${`choice${STOPS.test(words) ? " danger" : ""}`} disabled=${off} onClick=${take}>
      <span class="number">${number}</span>
      <span class="words"><b>${name}</b><small>${effect}</small></span>
    </button>
    ${field}
  </li>`;
}

// What a decision is about: the files, each a way to its difference.
function Since() {
  const since = recent.value;
  if (!since) return null;
  const what = since.since === "session begins" ? "What has changed so far" : `What has changed since ${momentName(since.since)}`;
  if (!since.files.length) return html`<p class="quiet">${what}: nothing.</p>`;
  return html`<div class="because"><h4>${what}</h4>
    <ul class="plain">${since.files.slice(0, MOST_FILES).map((one) => html`<li><button type="button" class="link" onClick=${() => openChange(since.since === "session begins" ? "all" : "last", one.path)}><code>${one.path}</code></button> <span class="add">+${one.insertions}</span> <span class="del">−${one.deletions}</span></li>`)}
      ${since.files.length > MOST_FILES && html`<li class="quiet">and ${since.files.length - MOST_FILES} more</li>`}</ul></div>`;
}

// The ways to what has changed: none where nothing has, one where there was no milestone yet.
function Differences() {
  const since = recent.value;
  // Nothing is known of a review's difference before there was one: it is the whole then.
  const isAll = !since || since.since === "session begins";
  if (isAll && since && !since.files.length) return null;
  return html`<p class="links">${!isAll && html`<button type="button" class="link" onClick=${() => openChange("last")}>The difference since ${momentName(since.since)}</button>`}
    <button type="button" class="link" onClick=${() => openChange("all")}>The whole difference</button></p>`;
}

function Question({ question }) {
  const [text, setText] = useState("");
  const off = connection.value.state !== "live" || isBusy("answer", { question: question.id });
  const ended = !session.value.live;
  const answer = async (given) => {
    if (!given.trim()) return;
    if (ended && !session.value.rehearsal && !confirm("The session goes on with this answer: its agents are started again, and are paid for as before.")) return;
    const done = ended ? `Answered ${question.id}; the session goes on.` : `Answered ${question.id}.`;
    sent.set(question.id, given.trim());
    if (await act("answer", { question: question.id, text: given }, done)) setText("");
    else sent.delete(question.id);
  };
  const field = `answer-${question.id}`;
  const since = chronicle.value.questions[question.id]?.from;
  const isYesOrNo = question.suggestions.length === 2 && question.suggestions[0] === "yes" && question.suggestions[1] === "no";
  // The field for words of one's own stands at the choice that takes them.
  const own = isYesOrNo ? -1 : question.suggestions.findIndex((words) => TAKES_WORDS.test(words));
  const form = !isYesOrNo && !question.consent ? html`<form
      onSubmit=${(event) => {
        event.preventDefault();
        answer(text);
      }}
    >
      <label for=${field}>Your answer</label>
      <textarea id=${field} rows="2" value=${text} onInput=${(event) => setText(event.currentTarget.value)}></textarea>
      <div class="controls">
        <button type="submit" class="primary" disabled=${off || !text.trim()}>${ended ? "Answer and go on" : "Answer"}</button>
        ${!text.trim() && html`<span class="quiet">Type your words first.</span>`}
      </div>
    </form>` : null;
  return html`<li class="question" id=${`question-${question.id}`}>
    <h3>${question.asked_by} asks${question.about && question.about !== question.asked_by ? ` about ${question.about}` : ""} <span class="quiet">(${question.id}${since ? `, since ${clock(new Date(since).toISOString())}, ${duration((now.value - since) / 1000)}` : ""})</span></h3>
    <p class="text asked">${marked(question.text)}</p>
    ${question.points.length > 0 &&
    html`<div class="because"><h4>What the reviewers said</h4>
      <ul>${question.points.map((point) => html`<li>${point}</li>`)}</ul></div>`}
    <${Since} />
    <${Differences} />
    ${isYesOrNo &&
    html`<p>A command waits for your consent. <b>Confirm</b> runs it, <b>Refuse</b> does not; the agent is told which.</p>
    <div class="suggestions" role="group" aria-label="Confirm or refuse">
      <button type="button" class="primary" disabled=${off} onClick=${() => answer("yes")}>Confirm</button>
      <button type="button" class="danger" disabled=${off} onClick=${() => answer("no")}>Refuse</button>
    </div>`}
    ${question.suggestions.length > 0 && !isYesOrNo &&
    html`<ol class="choices" aria-label="Choices">
      ${question.suggestions.map((words, i) => html`<${Choice} words=${words} effect=${question.effects?.[i] ?? ""} number=${i + 1} off=${ended && STOPS.test(words) ? "ended" : off} field=${i === own ? form : null} take=${() => (TAKES_WORDS.test(words) ? document.getElementById(field).focus() : answer(words))} />`)}
    </ol>`}
    ${own < 0 && form}
  </li>`;
}

export function Questions() {
  const open = questions.value;
  const shown = session.value;
  return html`<section class=${open.length ? "questions" : "questions none"} aria-live="polite" aria-labelledby=${open.length ? "questions-title" : undefined}>
    ${open.length > 0 &&
    html`<div class="desk-head"><h2 id="questions-title">${open.length === 1 ? "A question waits for you" : `${open.length} questions wait for you`}</h2>
      ${permission.value === "default" && html`<button type="button" class="link" onClick=${allowNotes}>Notify me next time</button>`}</div>
      ${!shown.live && html`<p>The session has ended with it. An answer lets it go on from here, and so does <code>orchestrate resume ${shown.id} --answer "…"</code>.</p>`}
      <ul>${open.map((question) => html`<${Question} key=${question.id} question=${question} />`)}</ul>`}
  </section>`;
}
