// The newest of a list in full, so that nothing has to be scrolled inside the page; all of it on demand.
import { useState } from "preact/hooks";
import { html } from "/static/html.js";

const MOST = 4;

export function Newest({ of, titled, items, shown }) {
  const [open, setOpen] = useState(false);
  if (!items.length) return null;
  const few = open ? items : items.slice(0, MOST);
  return html`<ol class=${open ? "list" : "list short"} tabindex=${open ? 0 : undefined} aria-labelledby=${titled}>${few.map(shown)}</ol>
    ${items.length > MOST && html`<p><button type="button" class="link" onClick=${() => setOpen(!open)}>${open ? `Only the newest ${MOST} ${of}` : `All ${items.length} ${of}`}</button></p>`}`;
}
