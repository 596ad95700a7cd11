// Measurements in, a small line out, with its last value in words, or its highest of what has ended.
import { html } from "/static/html.js";

const WIDTH = 120;
const HEIGHT = 28;

export function Sparkline({ label, values, unit, least, over }) {
  const top = Math.max(least, ...values);
  // A single measurement is a level line.
  const drawn = values.length === 1 ? [values[0], values[0]] : values;
  const step = WIDTH / Math.max(1, drawn.length - 1);
  const y = (value) => (HEIGHT - 1 - (value / top) * (HEIGHT - 3)).toFixed(1);
  const points = drawn.map((value, i) => `${(i * step).toFixed(1)},${y(value)}`).join(" ");
  const last = values.at(-1);
  const words = values.length ? `${label}: now ${unit(last)}, highest ${unit(Math.max(...values))}` : `${label}: not measured`;
  return html`<figure class="spark">
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${words}>
      ${drawn.length > 1 && html`<polyline points=${points} />`}
    </svg>
    <figcaption>${label} ${over && values.length ? "peak " : ""}<b>${values.length ? unit(over ? Math.max(...values) : last) : "–"}</b></figcaption>
  </figure>`;
}
