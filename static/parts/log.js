// A worker's raw output by page, in a dialog.
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "/static/html.js";
import { read } from "/static/actions.js";
import { tokens } from "/static/format.js";

const PAGE = 65536;
const shown = signal(null);

export function openLog(worker) {
  shown.value = worker;
}

export function LogViewer() {
  const dialog = useRef(null);
  const [stream, setStream] = useState("stdout");
  const [page, setPage] = useState(null);
  const [problem, setProblem] = useState("");
  const worker = shown.value;
  const load = async (offset) => {
    try {
      const found = await read(`/api/workers/${encodeURIComponent(worker)}/log`, { stream, offset: String(offset), limit: String(PAGE) });
      setPage(found);
      setProblem("");
    } catch (error) {
      setProblem(error.message);
    }
  };
  useEffect(() => {
    if (!worker) return;
    if (!dialog.current.open) dialog.current.showModal();
    load(-PAGE);
  }, [worker, stream]);
  return html`<dialog ref=${dialog} aria-labelledby="log-title" onClose=${() => { shown.value = null; setPage(null); }}>
    <div class="dialog-head">
      <h2 id="log-title">Raw log of ${worker}</h2>
      <button type="button" onClick=${() => dialog.current.close()}>Close</button>
    </div>
    <div class="filters">
      <label>Stream
        <select value=${stream} onChange=${(event) => setStream(event.currentTarget.value)}>
          <option>stdout</option>
          <option>stderr</option>
        </select>
      </label>
      <div class="controls">
        <button type="button" disabled=${!page || page.offset === 0} onClick=${() => load(0)}>First</button>
        <button type="button" disabled=${!page || page.offset === 0} onClick=${() => load(Math.max(0, page.offset - PAGE))}>Older</button>
        <button type="button" disabled=${!page || page.next_offset >= page.size} onClick=${() => load(page.next_offset)}>Newer</button>
        <button type="button" disabled=${!page} onClick=${() => load(-PAGE)}>Newest</button>
      </div>
    </div>
    ${problem && html`<p class="reason">${problem}</p>`}
    ${page && html`<p class="quiet">Bytes ${tokens(page.offset)} to ${tokens(page.next_offset)} of ${tokens(page.size)}; what looks like a secret is taken out.</p>`}
    <pre class="raw" tabindex="0" role="region" aria-label="Raw output">${page?.text || "Nothing was written."}</pre>
  </dialog>`;
}
