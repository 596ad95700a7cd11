// The server's stream, made anew whenever it is cut, from where it was; a cut is said within two seconds.
import { MOST_ROWS, connection, flush, forget, notice, say, session, takeBeat, takeEntry, takeOpening, takeState, tick } from "/static/store.js";

const SILENT_MS = 1500; // the server says something at least every 1.15 s
const GIVE_UP_MS = 4000;
const FIRST_MS = 60_000; // a large journal is read before the first word
const REFUSED_MS = 5000;
const HIDDEN_MS = 10 * 60 * 1000;

let source = null;
let lastId = "";
let heardAt = 0;
let startedAt = 0;
let attempts = 0;
let timer = 0;
let hiddenAt = 0;
let stopped = false;

export const wantedSession = () => new URLSearchParams(location.search).get("session") ?? "";

function address() {
  const query = new URLSearchParams();
  if (wantedSession()) query.set("session", wantedSession());
  if (lastId) query.set("last_event_id", lastId);
  else query.set("newest", String(MOST_ROWS));
  return `/api/events/stream?${query}`;
}

function heard(event) {
  heardAt = performance.now();
  if (event.lastEventId) lastId = event.lastEventId;
  if (connection.value.state !== "live") {
    attempts = 0;
    connection.value = { state: "live", since: Date.now(), detail: "" };
  }
}

function on(name, take) {
  source.addEventListener(name, (event) => {
    take(JSON.parse(event.data));
    heard(event);
  });
}

export function begin() {
  clearTimeout(timer);
  source?.close();
  startedAt = performance.now();
  source = new EventSource(address());
  source.addEventListener("hello", (event) => {
    const hello = JSON.parse(event.data);
    if (hello.reset || (session.value && session.value.id !== hello.session)) forget();
    heardAt = performance.now();
  });
  on("entry", takeEntry);
  on("state", (state) => {
    takeState(state);
    flush();
  });
  on("beat", takeBeat);
  source.addEventListener("bye", () => cut("the dashboard's server has ended"));
  source.onerror = () => cut("the connection to the dashboard's server is cut");
}

function cut(detail) {
  source?.close();
  source = null;
  lost(detail);
  if (stopped) return;
  attempts += 1;
  clearTimeout(timer);
  timer = setTimeout(begin, connection.value.state === "refused" ? REFUSED_MS : Math.min(2000, 150 * 2 ** Math.min(attempts - 1, 4)));
  // A server that comes back later may have another token, or no such session any more.
  if (attempts === 1 || attempts % 3 === 0) askWhy();
}

function lost(detail) {
  if (connection.value.state !== "lost") connection.value = { state: "lost", since: Date.now(), detail };
}

async function askWhy() {
  try {
    const answer = await fetch(`/api/session?${new URLSearchParams(wantedSession() ? { session: wantedSession() } : {})}`);
    if (answer.ok) return;
    const problem = await answer.json();
    const isFinal = answer.status === 401 || answer.status === 404;
    connection.value = { ...connection.value, detail: problem.detail, hint: problem.hint ?? "", state: isFinal ? "refused" : connection.value.state };
  } catch {
    // The server is not there: what is on the page says so already.
  }
}

function watch() {
  tick();
  const hidden = document.visibilityState === "hidden";
  if (!hidden) hiddenAt = 0;
  else if (!hiddenAt) hiddenAt = performance.now();
  const silence = performance.now() - Math.max(heardAt, startedAt);
  if (hidden && hiddenAt && performance.now() - hiddenAt > HIDDEN_MS && source) {
    // A browser allows six connections to a host; a page that nobody looks at gives its own back.
    source.close();
    source = null;
    lost("this page was in the background");
  } else if (!hidden && !source && connection.value.detail === "this page was in the background") {
    begin();
  } else if (source && silence > (connection.value.state === "connecting" ? FIRST_MS : GIVE_UP_MS)) {
    cut("the dashboard's server is silent");
  } else if (connection.value.state === "live" && silence > SILENT_MS) {
    lost("the dashboard's server is silent");
  }
}

// A session is shown from its report, or its checkpoint, until its journal has been read.
async function openFromReport() {
  try {
    const answer = await fetch(`/api/opening?${new URLSearchParams(wantedSession() ? { session: wantedSession() } : {})}`);
    if (answer.status === 200) takeOpening(await answer.json());
  } catch {
    // The stream tells all of it, a little later.
  }
}

export function start() {
  openFromReport().finally(begin);
  setInterval(watch, 250);
  document.addEventListener("visibilitychange", watch);
  addEventListener("pagehide", () => {
    stopped = true;
    source?.close();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) {
      stopped = false;
      begin();
    }
  });
}

export { notice, say };
