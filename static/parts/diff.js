// The target's changes as they grow, asked for while somebody looks at them.
import { useEffect, useState } from "preact/hooks";
import { html } from "/static/html.js";
import { read } from "/static/actions.js";
import { connection, session } from "/static/store.js";

const EVERY_MS = 3000;
const MOST_LINES = 3000;

function kindOf(line) {
  if (line.startsWith("diff --git")) return "file";
  if (line.startsWith("@@")) return "hunk";
  if (line.startsWith("+") && !line.startsWith("+++")) return "add";
  if (line.startsWith("-") && !line.startsWith("---")) return "del";
  return "";
}

export function Diff() {
  const [diff, setDiff] = useState(null);
  const [isOpen, setOpen] = useState(true);
  const [problem, setProblem] = useState("");
  const id = session.value?.id;
  const live = Boolean(session.value?.live);
  const connected = connection.value.state === "live";
  useEffect(() => {
    if (!isOpen || !id || !connected) return undefined;
    let gone = false;
    const look = async () => {
      if (document.visibilityState === "hidden") return;
      try {
        const found = await read("/api/diff");
        if (gone) return;
        setDiff(found);
        setProblem(found.problem ?? "");
      } catch (error) {
        if (!gone) setProblem(error.message);
      }
    };
    look();
    const timer = live ? setInterval(look, EVERY_MS) : 0;
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [id, isOpen, live, connected]);
  const toggle = (event) => {
    event.preventDefault();
    setOpen(!isOpen);
  };
  const lines = diff ? diff.text.split("\n").slice(0, MOST_LINES) : [];
  return html`<section aria-labelledby="diff-title">
    <details open=${isOpen}>
      <summary onClick=${toggle}>
        <h2 id="diff-title">Changes in the target</h2>
        ${diff && diff.files.length > 0 && html`<span class="quiet">${diff.files.length} file${diff.files.length === 1 ? "" : "s"} <span class="add">+${diff.insertions}</span> <span class="del">−${diff.deletions}</span>, ${diff.of}</span>`}
      </summary>
      ${problem && html`<p class="reason">${problem}</p>`}
      ${diff && diff.files.length === 0 && html`<p class="quiet">${diff.of === "nothing yet" ? "Not looked at yet." : "Nothing has changed."}</p>`}
      ${diff && diff.files.length > 0 && html`<pre class="diff" tabindex="0" role="region" aria-label="Difference of the target">${lines.map((line) => html`<span class=${kindOf(line)}>${line}${"\n"}</span>`)}</pre>`}
      ${diff && (diff.is_cut || diff.text.split("\n").length > MOST_LINES) && html`<p class="quiet">This is not the whole of it.</p>`}
    </details>
  </section>`;
}
