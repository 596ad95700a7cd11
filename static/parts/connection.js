// Whether what is shown is live, and what became of the last command.
import { html } from "/static/html.js";
import { clock, duration, isOver } from "/static/format.js";
import { connection, notice, now, problem, session } from "/static/store.js";

export function Connection() {
  const { state, since, detail, hint } = connection.value;
  let text = "";
  let calm = false;
  if (state === "live" && problem.value) text = `This is not how things stand now: ${problem.value}.`;
  if (state === "refused") text = `Not shown: ${detail}. ${hint ? `${hint}. ` : ""}It is asked for again every few seconds; “All sessions” lists what is there.`;
  else if (state === "lost") {
    const at = clock(new Date(since).toISOString());
    text = `Not live: ${detail}. What is shown is as of ${at}, ${duration((Date.now() - since) / 1000)} ago. Connecting again…`;
    if (session.value && isOver(session.value)) {
      text = `The session had ended, and this is how it stood then (${detail}). “orchestrate serve” shows it again.`;
      calm = true;
    }
    now.value; // redrawn every tick
  }
  return html`<div role="status" class=${text ? `connection ${calm ? "over" : "lost"}` : "connection"}>${text}</div>`;
}

export function Notices() {
  const { text, bad, n } = notice.value;
  return html`<div class="notices" role="status" aria-live="polite">
    ${text && html`<p key=${n} class=${bad ? "notice bad" : "notice"}>${text}</p>`}
  </div>`;
}
