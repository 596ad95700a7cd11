// What buttons do: a request to the API, and what became of it said.
import { signal } from "@preact/signals";
import { say, session } from "/static/store.js";

export const busy = signal(new Set());

export function withSession(path, more = {}) {
  const query = new URLSearchParams({ ...(session.value ? { session: session.value.id } : {}), ...more });
  return `${path}?${query}`;
}

export async function read(path, more) {
  const answer = await fetch(withSession(path, more));
  const kind = answer.headers.get("content-type") ?? "";
  const body = kind.includes("json") ? await answer.json() : await answer.text();
  if (!answer.ok) throw new Error(body.detail ?? `the server answered ${answer.status}`);
  return body;
}

export async function act(path, body, done) {
  if (busy.value.has(path)) return false;
  busy.value = new Set([...busy.value, path]);
  try {
    const answer = await fetch(withSession(path), {
      method: "POST",
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!answer.ok) {
      const problem = await answer.json();
      say(problem.hint ? `${problem.detail}. ${problem.hint}` : problem.detail, true);
      return false;
    }
    say(done);
    return true;
  } catch (error) {
    say(`not done: ${error.message}`, true);
    return false;
  } finally {
    busy.value = new Set([...busy.value].filter((other) => other !== path));
  }
}
