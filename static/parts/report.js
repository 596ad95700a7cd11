// The report of a session that has ended.
import { useEffect, useState } from "preact/hooks";
import { html } from "/static/html.js";
import { read } from "/static/actions.js";
import { isOver } from "/static/format.js";
import { session } from "/static/store.js";

export function Report() {
  const [text, setText] = useState("");
  const shown = session.value;
  const over = isOver(shown);
  useEffect(() => {
    setText("");
    if (over) read("/api/report").then(setText, (error) => setText(`There is no report: ${error.message}.`));
  }, [shown.id, over]);
  if (!over) return null;
  return html`<section aria-labelledby="report-title">
    <details>
      <summary><h2 id="report-title">Report</h2></summary>
      <pre class="report" tabindex="0" role="region" aria-label="Text of the report">${text}</pre>
    </details>
  </section>`;
}
