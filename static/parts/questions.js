// What waits for a person, on top of everything.
import { useState } from "preact/hooks";
import { html } from "/static/html.js";
import { act, busy } from "/static/actions.js";
import { connection, questions, session } from "/static/store.js";

// The first words of a suggestion say what choosing it does, as session/choices.py has it.
const TAKES_WORDS = /^answer with /;
const SENDS_NOTHING = /^(look |read |wait)/;

// What stands between backticks is a command.
const marked = (text) => text.split("`").map((part, i) => (i % 2 ? html`<code>${part}</code>` : part));

function Question({ question }) {
  const [text, setText] = useState("");
  const path = `/api/questions/${encodeURIComponent(question.id)}/answer`;
  const off = connection.value.state !== "live" || !session.value.live || busy.value.has(path);
  const answer = async (given) => {
    if (given.trim() && (await act(path, { text: given }, `Answered ${question.id}.`))) setText("");
  };
  const confirmation = `/api/questions/${encodeURIComponent(question.id)}/confirmation`;
  const yesNo = (confirmed) => act(confirmation, { confirmed }, confirmed ? `Confirmed ${question.id}.` : `Refused ${question.id}.`);
  const field = `answer-${question.id}`;
  const isYesOrNo = question.suggestions.length === 2 && question.suggestions[0] === "yes" && question.suggestions[1] === "no";
  return html`<li class="question">
    <h3>${question.asked_by} asks${question.about && question.about !== question.asked_by ? ` about ${question.about}` : ""} <span class="quiet">(${question.id})</span></h3>
    <p class="text">${marked(question.text)}</p>
    ${question.points.length > 0 && html`<ul>${question.points.map((point) => html`<li>${point}</li>`)}</ul>`}
    ${isYesOrNo &&
    html`<div class="suggestions" role="group" aria-label="Confirm or refuse">
      <button type="button" class="primary" disabled=${off} onClick=${() => yesNo(true)}>Confirm</button>
      <button type="button" class="danger" disabled=${off} onClick=${() => yesNo(false)}>Refuse</button>
    </div>`}
    ${question.suggestions.length > 0 && !isYesOrNo &&
    html`<div class="suggestions" role="group" aria-label="Suggested answers">
      ${question.suggestions.map((words, i) =>
        SENDS_NOTHING.test(words)
          ? html`<p class="quiet">${i + 1}. ${words}</p>`
          : html`<button type="button" disabled=${off} onClick=${() => (TAKES_WORDS.test(words) ? document.getElementById(field).focus() : answer(words))}>${i + 1}. ${words}</button>`,
      )}
    </div>`}
    ${!isYesOrNo &&
    html`<form
      onSubmit=${(event) => {
        event.preventDefault();
        answer(text);
      }}
    >
      <label for=${field}>Your answer</label>
      <textarea id=${field} rows="2" value=${text} onInput=${(event) => setText(event.currentTarget.value)}></textarea>
      <div class="controls">
        <button type="submit" class="primary" disabled=${off || !text.trim()}>Answer</button>
      </div>
    </form>`}
  </li>`;
}

export function Questions() {
  const open = questions.value;
  const shown = session.value;
  return html`<section class=${open.length ? "questions" : "questions none"} aria-live="polite" aria-labelledby=${open.length ? "questions-title" : undefined}>
    ${open.length > 0 &&
    html`<h2 id="questions-title">${open.length === 1 ? "A question waits for you" : `${open.length} questions wait for you`}</h2>
      ${!shown.live && html`<p>The session has ended with it: <code>orchestrate resume ${shown.id} --answer "…"</code> goes on.</p>`}
      <ul>${open.map((question) => html`<${Question} key=${question.id} question=${question} />`)}</ul>`}
  </section>`;
}
