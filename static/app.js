// The page: parts put together, the stream begun.
import { render } from "preact";
import { html } from "/static/html.js";
import { connection, problem, questions, session } from "/static/store.js";
import { start } from "/static/stream.js";
import { Header } from "/static/parts/header.js";
import { Connection, Notices } from "/static/parts/connection.js";
import { Questions } from "/static/parts/questions.js";
import { Answers } from "/static/parts/answers.js";
import { Workers } from "/static/parts/workers.js";
import { Timeline } from "/static/parts/timeline.js";
import { Events } from "/static/parts/events.js";
import { Decisions, Reviews } from "/static/parts/reviews.js";
import { Recovery } from "/static/parts/recovery.js";
import { Diff } from "/static/parts/diff.js";
import { Sessions } from "/static/parts/sessions.js";
import { LogViewer } from "/static/parts/log.js";
import { Report } from "/static/parts/report.js";
import { effect } from "@preact/signals";
import { isOver, words } from "/static/format.js";

function App() {
  const shown = session.value;
  // What has ended does not change any more, whoever is there to tell.
  const stale = problem.value !== null || (connection.value.state !== "live" && !(shown && isOver(shown)));
  return html`
    <a class="skip" href="#main">Skip to the session</a>
    <${Connection} />
    <${Header} />
    <main id="main" tabindex="-1" class=${stale && shown ? "stale" : ""} data-entries=${shown?.entries ?? 0}>
      ${shown
        ? html`
            <${Questions} />
            <${Workers} />
            <${Timeline} />
            <div class="columns">
              <${Reviews} />
              <${Decisions} />
              <${Recovery} />
            </div>
            <${Answers} />
            <${Diff} />
            <${Events} />
            <${Report} />
          `
        : html`<p class="loading">${connection.value.state === "refused" ? "Nothing to show." : "Waiting for the session…"}</p>`}
      <${Sessions} />
    </main>
    <${LogViewer} />
    <${Notices} />
  `;
}

effect(() => {
  const shown = session.value;
  const waiting = questions.value.length;
  const lost = connection.value.state === "live" || (shown && isOver(shown)) ? "" : "(not live) ";
  document.title = shown
    ? `${waiting ? `(${waiting}) ` : ""}${lost}${words(shown.status)}: ${shown.task.slice(0, 60)}`
    : `${lost}orchestrate`;
});

const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);
start();
