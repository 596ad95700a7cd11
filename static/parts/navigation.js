// Where one can go: this session, all sessions, and what is the same for all of them.
import { html } from "/static/html.js";
import { session } from "/static/store.js";
import { showKeys } from "/static/parts/keys.js";

const PLACES = [["/sessions", "Sessions"], ["/teams", "Teams"], ["/builder", "Build a team"], ["/gates", "Gates"], ["/metrics", "Metrics"]];

export function Navigation() {
  const here = location.pathname;
  const id = session.value?.id;
  return html`<nav aria-label="Pages">
    <a class="brand" href="/" aria-current=${here === "/" ? "page" : undefined}>${here === "/" && id ? "This session" : "Newest session"}</a>
    ${PLACES.map(([path, label]) => html`<a href=${path} aria-current=${here === path ? "page" : undefined}>${label}</a>`)}
    <button type="button" class="link" onClick=${showKeys}>Keys <kbd>?</kbd></button>
  </nav>`;
}
