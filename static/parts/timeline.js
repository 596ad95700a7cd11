// One axis of time: what each agent did when, what was said of it, and when it waited for somebody.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "/static/html.js";
import { GONE, clock, duration, isOver, took, words } from "/static/format.js";
import { chronicle, nearText, range, second, session, showEntry, shownWorker, workers } from "/static/store.js";

// In the order of a worker's life.
const STATES = ["starting", "running", "silent", "frozen", "limited", "relaunching", "parked", "stopping", "done", "unproven", "failed", "stopped"];
const LANE = 26;
const TOP = 22;
const LEAST_MS = 200;

const at = (ms) => clock(new Date(ms).toISOString());
const finely = (ms, parts) => (parts ? `${at(ms)}.${String(Math.floor((ms % 1000) / 100))}` : at(ms));
const reviewNumber = (name) => /^review-(\d+)-/.exec(name)?.[1];

// Lanes: the person, then each main worker, then one for the reviews that each agent was called in for.
function lanesOf(all) {
  const lanes = [];
  const called = new Map();
  for (const worker of Object.values(all)) {
    if (worker.is_main) lanes.push({ name: worker.id, agent: worker.agent, workers: [worker] });
    else if (worker.attempt > 0) called.set(worker.agent, [...(called.get(worker.agent) ?? []), worker]);
  }
  for (const [agent, own] of called) lanes.push({ name: `${agent}, reviews`, agent, workers: own });
  return lanes;
}

function spansOf(worker, end) {
  return worker.history
    .map((state, i) => ({ status: state.status, from: Date.parse(state.at), to: worker.history[i + 1] ? Date.parse(worker.history[i + 1].at) : end, worker: worker.id }))
    .filter((span) => span.status !== "waiting");
}

function told(lane, calls, end) {
  const parts = lane.workers.flatMap((worker) => spansOf(worker, end));
  const said = parts.map((span) => (GONE.has(span.status) ? `${words(span.status)} at ${at(span.from)}` : `${words(span.status)} for ${took((span.to - span.from) / 1000)}`));
  const failed = calls.filter((call) => call.ok === false).length;
  return `${lane.name}: ${said.slice(-12).join(", ") || "not started"}; ${calls.length} tool call${calls.length === 1 ? "" : "s"}${failed ? `, ${failed} failed` : ""}`;
}

function ticks(begin, end, width) {
  const most = Math.max(2, Math.floor(width / 110));
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400].map((s) => s * 1000);
  const step = steps.find((one) => (end - begin) / one <= most) ?? 86400_000;
  const found = [];
  for (let t = Math.ceil(begin / step) * step; t <= end; t += step) found.push(t);
  return found.map((time) => ({ time, said: finely(time, step < 1000) }));
}

function answeredBy(detail) {
  return detail.by ? `, from ${detail.by}${detail.who ? ` (${detail.who})` : ""}` : "";
}

function describe(kind, mark) {
  const lasted = mark.to ? ` (${took((mark.to - mark.from) / 1000)})` : "";
  switch (kind) {
    case "call": return `${mark.worker}: ${nearText(mark)}${mark.ok === false ? " – failed" : mark.to ? "" : " – still open"}${lasted}`;
    case "milestone": return `◆ ${mark.worker}: ${mark.text}`;
    case "review": return `Review ${mark.key}${mark.worker ? ` of ${mark.worker}` : ""}: ${Object.entries(mark.detail.answers ?? {}).map(([who, one]) => `${who} ${one.verdict}`).join(", ") || "no answer yet"}${mark.detail.action ? ` → ${words(mark.detail.action)} (${mark.detail.rule})` : ""}${lasted}`;
    case "question": return `${mark.key.startsWith("stop ") ? "It stopped" : `${mark.detail.asked_by} asks`} (${mark.key}): ${mark.text}${mark.to ? ` → ${mark.detail.answer || mark.detail.outcome || "closed"}${answeredBy(mark.detail)}, waited ${took((mark.to - mark.from) / 1000)}` : " – waits for you"}`;
    default: return mark.text;
  }
}

// Calls as ticks of one pixel, those that failed of two; one for all that fall on the same.
function drawn(calls, x, top, [width, height]) {
  const columns = new Set(calls.map((call) => Math.round(x(call.from) * 2) / 2));
  return [...columns].map((at) => `M${at} ${top}h${width}v${height}h-${width}z`).join("");
}

// The same as words, for those who do not see the picture: the newest first.
function AsText({ marks }) {
  const [open, setOpen] = useState(false);
  return html`<details class="as-text" onToggle=${(event) => setOpen(event.currentTarget.open)}><summary>The same as a list</summary>
    ${open && html`<ol class="list" tabindex="0" aria-label="What happened when, newest first">
      ${marks.slice(-200).reverse().map(({ kind, mark }) => html`<li key=${`${kind} ${mark.key}`}><time>${at(mark.from)}</time> <button type="button" class="link" onClick=${() => showEntry(mark.entry)}>${describe(kind, mark)}</button></li>`)}
    </ol>`}</details>`;
}

export function Timeline() {
  const box = useRef(null);
  const drag = useRef(null);
  const [width, setWidth] = useState(900);
  const [view, setView] = useState(null); // {from, to} zoomed to; null: all of it
  const [hover, setHover] = useState(null); // {x, time, text}
  const [brush, setBrush] = useState(null);
  useEffect(() => {
    const look = new ResizeObserver(() => setWidth(Math.max(280, Math.floor(box.current.clientWidth))));
    look.observe(box.current);
    return () => look.disconnect();
  }, []);
  const shown = session.value;
  const running = shown.live && !isOver(shown);
  const first = Date.parse(shown.opened_at);
  const last = Math.max(first + LEAST_MS, running ? Math.max(second.value, Date.parse(shown.updated_at)) : Date.parse(shown.updated_at));
  const begin = view?.from ?? first;
  const end = view?.to ?? last;
  const lanes = lanesOf(workers.value);
  const known = chronicle.value;
  const narrow = width < 560;
  const gutter = narrow ? 0 : 128;
  const laneHeight = narrow ? LANE + 20 : LANE;
  const lead = 1; // the person's lane
  const height = TOP + (lanes.length + lead) * laneHeight + 8;
  const x = (time) => gutter + ((time - begin) / Math.max(1, end - begin)) * (width - gutter - 4);
  const timeAt = (px) => begin + ((px - gutter) / Math.max(1, width - gutter - 4)) * (end - begin);
  const inside = (from, to) => (to ?? from) >= begin && from <= end;
  const cut = (px) => Math.max(gutter, Math.min(width - 4, px));
  const laneAt = (i) => TOP + (i + lead) * laneHeight + (narrow ? 14 : 0);
  const rowOf = new Map(lanes.flatMap((lane, i) => lane.workers.map((worker) => [worker.id, i])));
  const calls = Object.values(known.calls);
  const reviews = Object.values(known.reviews);
  const milestones = Object.values(known.milestones);
  const questions = Object.values(known.questions);
  const all = [
    ...calls.map((mark) => ({ kind: "call", mark })),
    ...milestones.map((mark) => ({ kind: "milestone", mark })),
    ...reviews.map((mark) => ({ kind: "review", mark })),
    ...questions.map((mark) => ({ kind: "question", mark })),
    ...Object.values(known.commands).map((mark) => ({ kind: "command", mark })),
  ].sort((a, b) => a.mark.from - b.mark.from);
  const seen = new Set(lanes.flatMap((lane) => lane.workers.flatMap((worker) => worker.history.map((one) => one.status))));

  const zoom = (factor, around = (begin + end) / 2) => {
    const from = Math.max(first, around - (around - begin) * factor);
    const to = Math.min(last, around + (end - around) * factor);
    if (to - from < LEAST_MS) return;
    setView(from <= first && to >= last ? null : { from, to });
  };
  const shift = (share) => {
    const by = (end - begin) * share;
    const from = Math.max(first, Math.min(last - (end - begin), begin + by));
    if (view) setView({ from, to: from + (end - begin) });
  };
  const inPicture = (event) => event.clientX - box.current.getBoundingClientRect().left;
  const rowUnder = (event) => Math.floor((event.clientY - box.current.getBoundingClientRect().top - TOP) / laneHeight) - lead;
  // Whatever lies under the pointer, that first which is drawn above the others.
  const under = (px, row) => {
    const own = row < 0 ? all.filter(({ kind }) => kind === "question" || kind === "command") : all.filter(({ kind, mark }) => kind !== "question" && kind !== "command" && rowOf.get(mark.worker) === row);
    const found = [];
    for (const one of own) {
      if (!inside(one.mark.from, one.mark.to)) continue;
      const a = x(one.mark.from);
      const b = one.kind === "milestone" || one.kind === "command" ? a : x(one.mark.to ?? Math.min(last, one.mark.from + 1));
      const far = px < a ? a - px : px > b ? px - b : 0;
      // A mark is a point: who points beside it may mean what lies there for a while.
      const isPoint = Math.abs(px - a) < 5;
      const rank = isPoint && one.mark.ok === false ? 0 : isPoint && one.kind === "milestone" ? 1 : one.kind === "call" ? (far ? 4 : 3) : far ? 4 : 2;
      if (far < 12) found.push({ ...one, far, rank });
    }
    return found.sort((one, other) => one.rank - other.rank || one.far - other.far).slice(0, 3).filter((one, _, all) => one.rank < 4 || all[0].rank === 4);
  };
  const move = (event) => {
    const px = inPicture(event);
    if (drag.current !== null) {
      if (Math.abs(px - drag.current) > 3) setBrush([drag.current, px].sort((a, b) => a - b));
      return;
    }
    if (px < gutter) return setHover(null);
    const row = rowUnder(event);
    const found = under(px, row);
    const time = timeAt(px);
    const span = row >= 0 && lanes[row] ? lanes[row].workers.flatMap((worker) => spansOf(worker, last)).find((one) => one.from <= time && time <= one.to && !GONE.has(one.status)) : null;
    setHover({ x: px, time, text: found.length ? found.map((one) => describe(one.kind, one.mark)).join("\n") : span ? `${span.worker}: ${words(span.status)}, ${took((span.to - span.from) / 1000)}` : "" });
  };
  const release = (event) => {
    const from = drag.current;
    drag.current = null;
    if (brush && from !== null) {
      range.value = { from: Math.max(first, timeAt(brush[0])), to: Math.min(last, timeAt(brush[1])) };
      setBrush(null);
      return;
    }
    const px = inPicture(event);
    const row = rowUnder(event);
    const [found] = under(px, row);
    if (found) {
      if (found.kind === "question" && !found.mark.to) document.getElementById(`question-${found.mark.key}`)?.scrollIntoView();
      else showEntry(found.mark.entry);
    } else if (row >= 0 && lanes[row] && px < gutter + 4) shownWorker.value = lanes[row].workers[0].id;
  };
  const keys = (event) => {
    const act = { "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), 0: () => setView(null), ArrowLeft: () => shift(-0.25), ArrowRight: () => shift(0.25), Escape: () => (range.value = null), Enter: () => (range.value = { from: begin, to: end }) }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };
  const wheel = (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? 0.8 : 1.25, timeAt(inPicture(event)));
  };
  const chosen = range.value;
  // Those that failed are drawn last and are the tallest, so that no other mark hides them.
  const ticksOf = (kind) => lanes.map((lane, i) => {
    const path = drawn(calls.filter((call) => rowOf.get(call.worker) === i && (call.ok === false) === (kind !== "call") && inside(call.from, call.to)), x, laneAt(i) + (kind === "call" ? 5 : 0), kind === "call" ? [1, 12] : [2, 23]);
    return path && html`<path key=${`${lane.name} ${kind}`} class=${kind} d=${path} />`;
  });
  return html`<section aria-labelledby="timeline-title" class="timeline">
    <div class="section-head">
      <h2 id="timeline-title">Time</h2>
      <div class="controls" role="group" aria-label="Zoom">
        ${chosen && html`<span class="chosen">${at(chosen.from)} – ${at(chosen.to)} chosen: its <a href="#events-title">events</a>, its <a href="#diff-title">changes</a>, <button type="button" class="link" onClick=${() => (range.value = null)}>show all</button></span>`}
        <button type="button" class="small" aria-label="Zoom in" onClick=${() => zoom(0.5)}>+</button>
        <button type="button" class="small" aria-label="Zoom out" disabled=${!view} onClick=${() => zoom(2)}>−</button>
        <button type="button" class="small" disabled=${!view && !chosen} onClick=${() => { setView(null); range.value = null; }}>All</button>
      </div>
    </div>
    <div class="lanes axis-box" ref=${box} tabindex="0" role="application" aria-label="Axis of time. Plus and minus zoom, arrows move, Enter chooses what is shown, 0 shows all." onKeyDown=${keys} onWheel=${wheel}
      onPointerDown=${(event) => { if (event.button === 0 && inPicture(event) >= gutter) { drag.current = inPicture(event); if (event.pointerType === "mouse") event.currentTarget.setPointerCapture(event.pointerId); } }}
      onPointerMove=${move} onPointerUp=${release} onPointerCancel=${() => { drag.current = null; setBrush(null); }} onPointerLeave=${() => setHover(null)}>
      <svg width=${width} height=${height} viewBox=${`0 0 ${width} ${height}`} role="img" aria-label=${`From ${at(begin)} to ${at(end)}. ${lanes.map((lane) => told(lane, calls.filter((call) => lane.workers.some((worker) => worker.id === call.worker)), last)).join(". ")}. ${questions.length} question${questions.length === 1 ? "" : "s"} to a person, ${reviews.length} review${reviews.length === 1 ? "" : "s"}.`}>
        <defs>
          <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" class="hatch-ground" /><line x1="0" y1="0" x2="0" y2="6" class="hatch-line" /></pattern>
          <marker id="arrow" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0 L6 3 L0 6 z" class="arrow-head" /></marker>
          <clipPath id="window"><rect x=${gutter} y="0" width=${Math.max(0, width - gutter)} height=${height} /></clipPath>
        </defs>
        ${ticks(begin, end, width - gutter).map(({ time, said }) => html`<g key=${time}><line class="grid" x1=${x(time)} x2=${x(time)} y1=${TOP - 4} y2=${height} /><text class="tick" x=${Math.max(gutter + said.length * 3.7, Math.min(width - said.length * 3.7, x(time)))} y="12" text-anchor="middle">${said}</text></g>`)}
        ${lanes.map((lane, i) => html`<line key=${lane.name} class="base" x1=${gutter} x2=${width} y1=${laneAt(i) + 11} y2=${laneAt(i) + 11} />`)}
        <g clip-path="url(#window)">
          ${chosen && html`<rect class="brush" x=${x(chosen.from)} y=${TOP - 4} width=${Math.max(2, x(chosen.to) - x(chosen.from))} height=${Math.max(0, height - TOP)} />`}
          ${lanes.map((lane, i) => lane.workers.flatMap((worker) => spansOf(worker, last)).filter((span) => inside(span.from, span.to)).map((span) =>
            GONE.has(span.status)
              ? html`<rect class=${`span-${span.status}`} x=${Math.min(width - 6, x(span.from)) - 1} y=${laneAt(i) + 2} width="4" height="18" />`
              : html`<rect class=${`bar span-${span.status}`} x=${cut(x(span.from))} y=${laneAt(i) + 5} width=${Math.max(1.5, cut(x(span.to)) - cut(x(span.from)))} height="12" />`))}
          ${ticksOf("call")}
          ${questions.filter((one) => inside(one.from, one.to ?? last)).map((one) => html`<rect key=${one.key} class=${one.to ? "waits" : "waits open"} x=${x(one.from)} y=${TOP + 4 + (narrow ? 12 : 0)} width=${Math.max(4, x(one.to ?? last) - x(one.from))} height="14" fill="url(#hatch)" />`)}
          ${Object.values(known.commands).filter((one) => inside(one.from)).map((one) => html`<circle key=${one.key} class="command" cx=${x(one.from)} cy=${TOP + 11 + (narrow ? 12 : 0)} r="3" />`)}
          ${reviews.filter((one) => inside(one.from, one.to ?? last)).flatMap((one) => {
            const row = rowOf.get(one.worker);
            if (row === undefined) return [];
            const number = one.key.split("-")[0];
            const asked = lanes.flatMap((lane, i) => lane.workers.filter((worker) => reviewNumber(worker.id) === number).map((worker) => ({ i, worker })));
            const arrows = asked.map(({ i, worker }) => {
              const begun = worker.history.find((state) => state.status !== "waiting");
              const to = begun ? Date.parse(begun.at) : one.from;
              const down = i > row;
              return html`<path key=${`${one.key} ${worker.id}`} class="arrow" marker-end="url(#arrow)" d=${`M${x(one.from)} ${laneAt(row) + 11} C${x(one.from)} ${laneAt(i) + (down ? 0 : 22)} ${x(to)} ${laneAt(row) + 11} ${x(to)} ${laneAt(i) + (down ? 4 : 18)}`} />`;
            });
            const decided = one.to ? html`<rect key=${`${one.key} decided`} class=${`decided action-${one.detail.action}`} x=${x(one.to) - 4} y=${laneAt(row) - 1} width="8" height="8" transform=${`rotate(45 ${x(one.to)} ${laneAt(row) + 3})`} />` : null;
            return [...arrows, decided];
          })}
          ${milestones.filter((one) => inside(one.from) && rowOf.has(one.worker)).map((one) => html`<text key=${one.key} class=${`diamond ${one.detail.kind}`} x=${x(one.from)} y=${laneAt(rowOf.get(one.worker)) + 16} text-anchor="middle">◆</text>`)}
          ${ticksOf("call failed")}
          ${running && !view && html`<line class="now" x1=${x(last)} x2=${x(last)} y1=${TOP - 4} y2=${height} />`}
          ${brush && html`<rect class="brush" x=${brush[0]} y=${TOP - 4} width=${brush[1] - brush[0]} height=${height - TOP} />`}
          ${hover && !brush && html`<line class="cursor" x1=${hover.x} x2=${hover.x} y1=${TOP - 4} y2=${height} />`}
        </g>
        <text class="lane-label" x="0" y=${TOP + (narrow ? 10 : 15)}>${questions.some((one) => !one.to) ? "waits for you" : "you"}</text>
        ${narrow && lanes.map((lane, i) => html`<rect key=${`ground ${lane.name}`} class="label-ground" x="0" y=${laneAt(i) - 11} width=${lane.name.length * 7.6 + 4} height="15" />`)}
        ${lanes.map((lane, i) => html`<text key=${`name ${lane.name}`} class=${`lane-label agent-${lane.agent}`} x="0" y=${narrow ? laneAt(i) + 1 : laneAt(i) + 15}>${narrow ? lane.name : lane.name.length > 18 ? `${lane.name.slice(0, 17)}…` : lane.name}</text>`)}
      </svg>
      ${hover && html`<p class="tip" style=${`left:${Math.max(0, Math.min(hover.x + 10, width - 330))}px`}>${at(hover.time)} ${hover.text}</p>`}
    </div>
    ${lanes.length === 0 && html`<p class="quiet">Nothing has started yet.</p>`}
    <ul class="legend">
      ${STATES.filter((status) => seen.has(status)).map((status) => html`<li><i class=${`span-${status}`}></i>${words(status)}</li>`)}
      ${calls.length > 0 && html`<li><i class="key-call"></i>tool call</li>`}
      ${calls.some((call) => call.ok === false) && html`<li><i class="key-failed"></i>failed call</li>`}
      ${milestones.some((one) => one.detail.kind !== "blocker") && html`<li><b class="key-diamond">◆</b>milestone</li>`}
      ${milestones.some((one) => one.detail.kind === "blocker") && html`<li><b class="key-diamond blocker">◆</b>blocker</li>`}
      ${[...new Set(reviews.filter((one) => one.to).map((one) => one.detail.action))].map((action) => html`<li><i class=${`key-decided action-${action}`}></i>decided: ${words(action)}</li>`)}
      ${questions.length > 0 && html`<li><i class="key-waits"></i>waits for you</li>`}
    </ul>
    ${known.leftOut > 0 && html`<p class="quiet">${known.leftOut} tool calls that went well are not drawn; the event log has them.</p>`}
    <${AsText} marks=${all.filter(({ mark }) => inside(mark.from, mark.to))} />
  </section>`;
}
