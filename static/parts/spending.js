// Tokens and cost as they grew, a line an agent, against the budget; and where the time went.
import { html } from "/static/html.js";
import { GONE, clock, duration, isOver, money, tokens, took, words } from "/static/format.js";
import { chronicle, second, session, workers } from "/static/store.js";

const WIDTH = 560;
const HEIGHT = 120;
const PACE_MS = 10 * 60 * 1000;

// Each agent's spending, all of its workers together, at every time at which one of them told of it.
function lines(which) {
  const byAgent = new Map();
  for (const mark of Object.values(chronicle.value.spending)) {
    const agent = workers.value[mark.worker]?.agent ?? mark.worker;
    byAgent.set(agent, [...(byAgent.get(agent) ?? []), ...mark.detail.points.map(([at, count, cost]) => ({ at, worker: mark.worker, value: which === "tokens" ? count : cost }))]);
  }
  return [...byAgent].map(([agent, points]) => {
    const each = new Map();
    const summed = points.filter((point) => point.value !== null && point.value !== undefined).sort((a, b) => a.at - b.at).map((point) => {
      each.set(point.worker, point.value);
      return { at: point.at, value: [...each.values()].reduce((a, b) => a + b, 0) };
    });
    return { agent, points: summed };
  }).filter((line) => line.points.length);
}

function pace(all, limit, running) {
  if (!limit || !running || !all.length) return "";
  const end = second.value;
  const total = all.reduce((sum, line) => sum + line.points.at(-1).value, 0);
  const before = all.reduce((sum, line) => sum + (line.points.filter((point) => point.at <= end - PACE_MS).at(-1)?.value ?? 0), 0);
  const first = Date.parse(session.value.opened_at); // what was told first has been spent since then
  const ms = Math.max(1, Math.min(PACE_MS, end - first));
  if (total <= before || ms < 5000) return "";
  const left = ((limit - total) / (total - before)) * ms;
  return left <= 0 ? "the budget is used up" : `at this pace ${duration(left / 1000)} left`;
}

function Chart({ title, which, limit, unit }) {
  const all = lines(which);
  const shown = session.value;
  const running = shown.live && !isOver(shown);
  const begin = Date.parse(shown.opened_at);
  const end = Math.max(begin + 1000, running ? Math.max(second.value, Date.parse(shown.updated_at)) : Date.parse(shown.updated_at));
  const total = all.reduce((sum, line) => sum + line.points.at(-1).value, 0);
  const top = Math.max(limit ?? 0, ...all.map((line) => line.points.at(-1).value), 0.0001) * 1.08;
  const x = (at) => ((at - begin) / (end - begin)) * WIDTH;
  const y = (value) => HEIGHT - (value / top) * HEIGHT;
  const left = pace(all, limit, running);
  const said = all.map((line) => `${line.agent} ${unit(line.points.at(-1).value)}`).join(", ") || "nothing told yet";
  return html`<figure class="burn">
    <figcaption><b>${title}</b> ${all.length ? unit(total) : "nothing told yet"}${limit ? ` of ${unit(limit)}` : ", no limit set"}${left && html` – <b>${left}</b>`}</figcaption>
    ${all.length > 0 && html`<svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${`${title} by agent from ${clock(shown.opened_at)} on: ${said}`}>
      ${limit && html`<line class="limit" x1="0" x2=${WIDTH} y1=${y(limit)} y2=${y(limit)} />`}
      ${all.map((line) => html`<path class=${`spent agent-${line.agent}`} d=${`M${x(line.points[0].at).toFixed(1)} ${HEIGHT}${line.points.map((point, i) => ` ${i ? `H${x(point.at).toFixed(1)} ` : ""}V${y(point.value).toFixed(1)}`).join("")} H${WIDTH}`} />`)}
    </svg>`}
    <ul class="legend">${all.map((line) => html`<li><i class=${`ground agent-${line.agent}`}></i>${line.agent} ${unit(line.points.at(-1).value)}</li>`)}</ul>
  </figure>`;
}

const KINDS = { starting: "starting", running: "at work", silent: "silent", frozen: "held", limited: "at a usage limit", relaunching: "between attempts", parked: "parked", stopping: "stopping" };

function Went() {
  const shown = session.value;
  const running = shown.live && !isOver(shown);
  const end = running ? Math.max(second.value, Date.parse(shown.updated_at)) : Date.parse(shown.updated_at);
  const begin = Date.parse(shown.opened_at);
  const main = Object.values(workers.value).filter((worker) => worker.is_main && worker.history.length);
  const rows = main.map((worker) => {
    const spent = {};
    worker.history.forEach((state, i) => {
      if (state.status === "waiting" || GONE.has(state.status)) return;
      const to = worker.history[i + 1] ? Date.parse(worker.history[i + 1].at) : end;
      spent[state.status] = (spent[state.status] ?? 0) + Math.max(0, to - Date.parse(state.at));
    });
    return { worker, spent };
  });
  const waited = Object.values(chronicle.value.questions).reduce((sum, one) => sum + (Math.max(0, (one.to ?? end) - one.from)), 0);
  const reviewed = Object.values(chronicle.value.reviews).reduce((sum, one) => sum + (Math.max(0, (one.to ?? end) - one.from)), 0);
  const whole = Math.max(1, end - begin);
  return html`<figure class="went">
    <figcaption><b>Where the time went</b> ${took(whole / 1000)} in all: ${took(reviewed / 1000)} under review, ${took(waited / 1000)} waiting for you</figcaption>
    <ul>${rows.map(({ worker, spent }) => {
      let from = 0;
      const said = Object.entries(spent).map(([status, ms]) => `${KINDS[status] ?? words(status)} ${took(ms / 1000)}`).join(", ");
      return html`<li key=${worker.id}><span class="lane-name">${worker.id}</span>
        <svg viewBox="0 0 1000 12" preserveAspectRatio="none" role="img" aria-label=${`${worker.id}: ${said || "not started"}`}>${Object.entries(spent).map(([status, ms]) => {
          const part = html`<rect class=${`span-${status}`} x=${(from / whole) * 1000} y="0" height="12" width=${(ms / whole) * 1000} />`;
          from += ms;
          return part;
        })}</svg><span class="quiet">${said}</span></li>`;
    })}</ul>
  </figure>`;
}

export function Spending() {
  const shown = session.value;
  return html`<section aria-labelledby="spending-title" class="spending">
    <h2 id="spending-title">What it took</h2>
    <div class="charts">
      <${Chart} title="Tokens" which="tokens" limit=${shown.max_tokens} unit=${tokens} />
      <${Chart} title="Cost" which="cost" limit=${shown.max_cost_usd} unit=${(value) => money(value)} />
      <${Went} />
    </div>
    ${shown.budget.length > 0 && html`<ul class="quiet">${shown.budget.map((line) => html`<li>${line}</li>`)}</ul>`}
  </section>`;
}
