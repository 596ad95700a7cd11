// Commands go over a WebSocket, and each is acknowledged; it is opened for the first command, and again where it was cut.
import { wantedSession } from "/static/stream.js";
import { session } from "/static/store.js";

const ANSWER_MS = 70_000; // an ended session's coordinator may take a minute to start
const OPEN_MS = 8_000;

let socket = null;
let counter = 0;
const waiting = new Map();

function address() {
  const query = new URLSearchParams({ events: "false" });
  const name = session.value?.id ?? wantedSession();
  if (name) query.set("session", name);
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/events/socket?${query}`;
}

function fail(why) {
  for (const { reject } of waiting.values()) reject(new Error(why));
  waiting.clear();
}

function open() {
  if (socket && socket.for === session.value?.id && socket.line.readyState <= WebSocket.OPEN) return socket.ready;
  const line = new WebSocket(address());
  const ready = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the dashboard's server does not answer")), OPEN_MS);
    line.onopen = () => {
      clearTimeout(timer);
      resolve(line);
    };
    line.onclose = (event) => {
      clearTimeout(timer);
      reject(new Error(event.reason || "the dashboard's server is not there"));
      if (socket?.line === line) socket = null;
      fail("the connection was cut before it was acknowledged; the event log tells whether it was done");
    };
  });
  line.onmessage = (event) => {
    for (const said of JSON.parse(event.data)) {
      if (said.event !== "reply") continue;
      const asked = waiting.get(said.ref);
      waiting.delete(said.ref);
      asked?.resolve(said);
    }
  };
  socket = { line, ready, for: session.value?.id };
  return ready;
}

// What the server replies: {status, data}; an Error where nothing came back.
export async function command(name, more = {}) {
  const line = await open();
  counter += 1;
  const ref = counter;
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      waiting.delete(ref);
      reject(new Error("it was not acknowledged; the event log tells whether it was done"));
    }, ANSWER_MS);
    const done = (take) => (value) => {
      clearTimeout(timer);
      take(value);
    };
    waiting.set(ref, { resolve: done(resolve), reject: done(reject) });
    line.send(JSON.stringify({ command: name, ref, ...more }));
  });
}

// Whoever is about to press a button is not kept waiting for the connection.
for (const kind of ["focusin", "pointerover"])
  addEventListener(kind, (event) => {
    if (session.value?.live && event.target.closest?.(".controls button, .choices button, .suggestions button, .question textarea")) open().catch(() => {});
  });

addEventListener("pagehide", () => socket?.line.close());
