// Every session of the workspace.
import { useEffect, useState } from "preact/hooks";
import { html } from "/static/html.js";
import { read } from "/static/actions.js";
import { clock, money, words } from "/static/format.js";
import { connection, session } from "/static/store.js";

const EVERY_MS = 5000;
const MOST_SHOWN = 200;

export function Sessions() {
  const [all, setAll] = useState(null);
  const [isOpen, setOpen] = useState(false);
  const [problem, setProblem] = useState("");
  const connected = connection.value.state === "live";
  const open = isOpen || !session.value;
  useEffect(() => {
    if (!open) return undefined;
    let gone = false;
    const look = async () => {
      try {
        const found = await read("/api/sessions");
        if (!gone) {
          setAll(found);
          setProblem("");
        }
      } catch (error) {
        if (!gone) setProblem(error.message);
      }
    };
    look();
    const timer = setInterval(look, EVERY_MS);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [open, connected, session.value?.status]);
  const toggle = (event) => {
    event.preventDefault();
    setOpen(!open);
  };
  const current = session.value?.id;
  return html`<section aria-labelledby="sessions-title">
    <details open=${open}>
      <summary onClick=${toggle}><h2 id="sessions-title">All sessions</h2></summary>
      ${problem && html`<p class="reason">${problem}</p>`}
      ${all && all.length === 0 && html`<p class="quiet">There is none yet.</p>`}
      <ul class="sessions">
        ${(all ?? []).slice(0, MOST_SHOWN).map(
          (one) => html`<li key=${one.id} class="item">
            <a href=${`/?session=${encodeURIComponent(one.id)}`} aria-current=${one.id === current ? "page" : undefined}>${one.task.slice(0, 160) || one.id}</a>
            <span class=${`badge status-${one.status}`}>${words(one.status)}</span>
            <span class="quiet">${clock(one.opened_at, true)}, cost ${money(one.cost_usd)}</span>
          </li>`,
        )}
      </ul>
    </details>
  </section>`;
}
