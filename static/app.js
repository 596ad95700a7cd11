// The page: parts put together, the stream begun.
import { render } from "preact";
import { html } from "/static/html.js";
import { connection, problem, questions, session } from "/static/store.js";
import { start } from "/static/stream.js";
import { Header } from "/static/parts/header.js";
import { Connection, Notices } from "/static/parts/connection.js";
import { Navigation } from "/static/parts/navigation.js";
import { Questions } from "/static/parts/questions.js";
import { Answers } from "/static/parts/answers.js";
import { Workers } from "/static/parts/workers.js";
import { Tree } from "/static/parts/tree.js";
import { Timeline } from "/static/parts/timeline.js";
import { Spending } from "/static/parts/spending.js";
import { Matrix } from "/static/parts/matrix.js";
import { Events } from "/static/parts/events.js";
import { Decisions, Reviews } from "/static/parts/reviews.js";
import { Recovery } from "/static/parts/recovery.js";
import { Diff } from "/static/parts/diff.js";
import { Compare, Sessions } from "/static/parts/sessions.js";
import { Gates, Metrics, Teams } from "/static/parts/catalogues.js";
import { Builder } from "/static/parts/builder.js";
import { LogViewer } from "/static/parts/log.js";
import { Trace } from "/static/parts/trace.js";
import { Keys } from "/static/parts/keys.js";
import { Report } from "/static/parts/report.js";
import { effect } from "@preact/signals";
import { isOver, words } from "/static/format.js";

function OneSession() {
  const shown = session.value;
  // What has ended does not change any more, whoever is there to tell.
  const stale = problem.value !== null || (connection.value.state !== "live" && !(shown && isOver(shown)));
  return html`
    <${Connection} />
    <${Header} />
    <main id="main" tabindex="-1" class=${stale && shown ? "stale" : ""} data-entries=${shown?.entries ?? 0}>
      ${shown
        ? html`
            <${Questions} />
            <${Tree} />
            <${Timeline} />
            <${Workers} />
            <${Diff} />
            <${Matrix} />
            <${Spending} />
            <div class="columns">
              <${Reviews} />
              <${Decisions} />
              <${Recovery} />
            </div>
            <${Answers} />
            <${Events} />
            <${Report} />
          `
        : html`<p class="loading">${connection.value.state === "refused" ? html`Nothing to show. <a href="/sessions">All sessions of this workspace</a>` : "Waiting for the session…"}</p>`}
    </main>
    <${LogViewer} />
    <${Trace} />
  `;
}

const PAGES = { "/sessions": Sessions, "/compare": Compare, "/teams": Teams, "/builder": Builder, "/gates": Gates, "/metrics": Metrics };
const Page = PAGES[location.pathname];

function App() {
  return html`
    <a class="skip" href="#main">Skip to the ${Page ? "page" : "session"}</a>
    <${Navigation} />
    ${Page ? html`<main id="main" tabindex="-1"><${Page} /></main>` : html`<${OneSession} />`}
    <${Keys} />
    <${Notices} />
  `;
}

const icon = document.querySelector("link[rel=icon]");

effect(() => {
  if (Page) return;
  const shown = session.value;
  const waiting = questions.value.length;
  const lost = connection.value.state === "live" || (shown && isOver(shown)) ? "" : "(not live) ";
  const state = shown && (waiting && shown.live ? "waits for you" : words(shown.status));
  document.title = shown
    ? `${waiting ? `(${waiting}) ` : ""}${lost}${state}: ${shown.task.slice(0, 60)}`
    : `${lost}orchestrate`;
  icon.href = waiting ? "/static/icon-waits.svg" : "/static/icon.svg";
});

const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);
if (!Page) start();
