// A text that may be long: its beginning, and the rest on request.
import { html } from "/static/html.js";

const MOST = 500;

export const isLong = (text) => text.length > MOST || text.split("\n").length > 12;

export function Long({ text, class: name = "text" }) {
  if (!isLong(text)) return html`<span class=${name}>${text}</span>`;
  const begin = text.split("\n").slice(0, 3).join("\n").slice(0, 200);
  return html`<details class="long">
    <summary class=${name}>${begin}… <span class="quiet">(${text.length} characters)</span></summary>
    <span class=${name}>${text}</span>
  </details>`;
}
