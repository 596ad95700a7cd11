// What buttons do: a command and what became of it said; and questions put to the API.
import { signal } from "@preact/signals";
import { command } from "/static/commands.js";
import { say, session } from "/static/store.js";

export const busy = signal(new Set());

// More of the question: a table, or pairs where a name is given more than once.
export function withSession(path, more = {}) {
  const query = new URLSearchParams(more);
  if (session.value) query.set("session", session.value.id);
  return `${path}?${query}`;
}

export async function read(path, more) {
  const answer = await fetch(withSession(path, more));
  const kind = answer.headers.get("content-type") ?? "";
  const body = kind.includes("json") ? await answer.json() : await answer.text();
  if (!answer.ok) throw new Error(body.detail ?? `the server answered ${answer.status}`);
  return body;
}

// One command at a time of each kind: a second press while the first is on its way does nothing.
export async function act(name, more, done) {
  const key = keyOf(name, more);
  if (busy.value.has(key)) return false;
  busy.value = new Set([...busy.value, key]);
  try {
    const { status, data } = await command(name, more);
    if (status >= 300) {
      say(data.hint ? `${data.detail}. ${data.hint}` : data.detail, true);
      return false;
    }
    say(done);
    return true;
  } catch (error) {
    say(`Not done: ${error.message}`, true);
    return false;
  } finally {
    busy.value = new Set([...busy.value].filter((other) => other !== key));
  }
}

export const keyOf = (name, more = {}) => `${name} ${more.worker ?? ""} ${more.question ?? ""}`;
export const isBusy = (name, more) => busy.value.has(keyOf(name, more));
