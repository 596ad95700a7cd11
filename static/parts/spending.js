// Tokens and cost as they grew, a line an agent, against the budget; and where the time went.
import { html } from "/static/html.js";
import { GONE, clock, costOf, duration, isOver, money, ranSeconds, tokens, tokensOf, took, tookOf, words } from "/static/format.js";
import { chronicle, now, second, session, workers } from "/static/store.js";

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
  return left <= 0 ? "the budget is used up" : html`at this pace the limit is reached in <span>${duration(left / 1000)}</span>`;
}

// Of an agent's figure the part that went to reviews it was called in for; its cards show the rest.
function inReviews(agent, which, unit, whole) {
  const values = Object.values(workers.value).filter((worker) => worker.agent === agent && !worker.is_main).map((worker) => (which === "tokens" ? worker.total_tokens : worker.usage.cost_usd)).filter((value) => value !== null && value !== undefined);
  if (!values.length) return "";
  const told = unit(values.reduce((a, b) => a + b, 0));
  return told === whole ? ", all in reviews" : `, ${told} of it in reviews`;
}

function Chart({ title, which, limit, unit, spent }) {
  const all = lines(which);
  const shown = session.value;
  const running = shown.live && !isOver(shown);
  const begin = Date.parse(shown.opened_at);
  const end = Math.max(begin + 1000, running ? Math.max(second.value, Date.parse(shown.updated_at)) : Date.parse(shown.updated_at));
  const highest = Math.max(...all.map((line) => line.points.at(-1).value), 0.0001);
  // A limit far above would press every line flat; the caption tells it.
  const isNear = limit && limit <= 4 * highest;
  const top = Math.max(isNear ? limit : 0, highest) * 1.08;
  const x = (at) => ((at - begin) / (end - begin)) * WIDTH;
  const y = (value) => HEIGHT - (value / top) * HEIGHT;
  // While every agent is frozen nothing is spent: a pace says nothing.
  const at_work = Object.values(workers.value).some((worker) => worker.attempt > 0 && !GONE.has(worker.status) && !["waiting", "frozen", "parked", "limited"].includes(worker.status));
  const left = at_work ? pace(all, limit, running) : "";
  const said = all.map((line) => `${line.agent} ${unit(line.points.at(-1).value)}`).join(", ") || "unknown";
  return html`<figure class="burn">
    <figcaption><b>${title}</b> ${spent(shown)}${limit ? ` of ${unit(limit)}` : ", no limit set"}${left && html` – <b>${left}</b>`}</figcaption>
    ${all.length > 0 && html`<div class="plot"><svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${`${title} by agent from ${clock(shown.opened_at)} on: ${said}`}>
      ${isNear && html`<line class="limit" x1="0" x2=${WIDTH} y1=${y(limit)} y2=${y(limit)} />`}
      ${all.map((line) => html`<path class=${`spent agent-${line.agent}`} d=${`M${x(line.points[0].at).toFixed(1)} ${HEIGHT}${line.points.map((point, i) => ` ${i ? `H${x(point.at).toFixed(1)} ` : ""}V${y(point.value).toFixed(1)}`).join("")} H${WIDTH}`} />`)}
    </svg><span class="level" style=${`top:${(y(highest) / HEIGHT) * 100}%`}>${unit(highest)}</span>${isNear && limit > 1.3 * highest ? html`<span class="level" style=${`top:${(y(limit) / HEIGHT) * 100}%`}>limit ${unit(limit)}</span>` : ""}
    <p class="span"><span>${clock(shown.opened_at)}</span><span>${running ? "now" : clock(shown.updated_at)}</span></p></div>`}
    <ul class="legend">${all.map((line) => html`<li><i class=${`ground agent-${line.agent}`}></i>${line.agent} ${unit(line.points.at(-1).value)}${inReviews(line.agent, which, unit, unit(line.points.at(-1).value))}</li>`)}</ul>
  </figure>`;
}

const KINDS = { starting: "starting", running: "at work", silent: "silent", frozen: "frozen", limited: "at a usage limit", relaunching: "between attempts", parked: "parked", stopping: "stopping" };

// Every moment of the session counts once, so that the parts come to the whole: what waits for a person or a review
// is told before what runs meanwhile.
function parts(main, begin, end) {
  const spans = (table) => Object.values(table).map((one) => [one.from, one.to ?? end]);
  const runs = (...wanted) => main.flatMap((worker) => worker.history.map((state, i) => [state.status, Date.parse(state.at), worker.history[i + 1] ? Date.parse(worker.history[i + 1].at) : end])).filter(([status]) => wanted.includes(status)).map(([, from, to]) => [from, to]);
  const kinds = [
    ["waiting for you", spans(chronicle.value.questions)],
    ["under review", spans(chronicle.value.reviews)],
    ["agents at work", runs("running", "silent")],
    ["agents starting", runs("starting", "relaunching")],
    ["at a usage limit", runs("limited")],
    ["frozen", runs("frozen")],
  ];
  const cuts = [...new Set([begin, end, ...kinds.flatMap(([, all]) => all.flat()).filter((at) => at > begin && at < end)])].sort((a, b) => a - b);
  const told = Object.fromEntries([...kinds.map(([name]) => [name, 0]), ["between them", 0]]);
  for (let i = 0; i + 1 < cuts.length; i += 1) {
    const kind = kinds.find(([, all]) => all.some(([from, to]) => from <= cuts[i] && to >= cuts[i + 1]));
    told[kind ? kind[0] : "between them"] += cuts[i + 1] - cuts[i];
  }
  return Object.entries(told);
}

// In the unit in which the whole is told; what rounding leaves goes to the parts that lost the most by it.
function rounded(shares, seconds) {
  const unit = seconds < 9.95 ? 0.1 : seconds < 3600 ? 1 : 60;
  const sum = shares.reduce((all, [, ms]) => all + ms, 0) || 1;
  const whole = seconds < 9.95 ? Math.round(seconds / unit) : Math.floor(seconds / unit);
  const exact = shares.map(([name, ms]) => ({ name, exact: (ms / sum) * whole }));
  for (const one of exact) one.units = Math.floor(one.exact);
  const missing = whole - exact.reduce((all, one) => all + one.units, 0);
  for (const one of [...exact].sort((a, b) => b.exact - b.units - a.exact + a.units).slice(0, missing)) one.units += 1;
  return exact.filter((one) => one.units > 0).map((one) => `${one.name} ${unit === 0.1 ? `${(one.units / 10).toFixed(1)}\u00a0s` : duration(one.units * unit)}`);
}

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
  }).filter(({ spent }) => Object.keys(spent).length);
  const whole = Math.max(1, end - begin);
  const seconds = running ? Math.floor((now.value - begin) / 1000) : shown.elapsed_s;
  // How long it ran is the figure of its card, measured by the coordinator.
  const toldOf = (worker, spent, status) => (status === "running" ? ranSeconds(worker, second.value) - (spent.silent ?? 0) / 1000 : spent[status] / 1000);
  return html`<figure class="went">
    <figcaption><b>Where the time went</b> <span>${tookOf(shown, now.value)} in all</span>: ${rounded(parts(main, begin, end), seconds).map((part, i) => html`${i ? ", " : ""}<span>${part}</span>`)}</figcaption>
    <ul>${rows.map(({ worker, spent }) => {
      let from = 0;
      const said = Object.keys(spent).map((status) => [status, took(Math.max(0, toldOf(worker, spent, status)))]).filter(([, time]) => time !== took(0)).map(([status, time]) => `${KINDS[status] ?? words(status)} ${time}`).join(", ");
      return html`<li key=${worker.id}><span class="lane-name">${worker.id}</span>
        <svg viewBox="0 0 1000 12" preserveAspectRatio="none" role="img" aria-label=${`${worker.id}: ${said}`}>${Object.entries(spent).map(([status, ms]) => {
          const part = html`<rect class=${`span-${status}`} x=${(from / whole) * 1000} y="0" height="12" width=${(ms / whole) * 1000} />`;
          from += ms;
          return part;
        })}</svg><span class="quiet">${said}</span></li>`;
    })}</ul>
  </figure>`;
}

// What is spent of what stands over each chart already; only what is over, and whose is unknown, is told besides.
const TOLD_ABOVE = /^\$?[\d,.]+ of \$?[\d,.]+( tokens)?$/;

export function Spending() {
  const shown = session.value;
  const budget = shown.budget.filter((line) => !TOLD_ABOVE.test(line));
  return html`<section aria-labelledby="spending-title" class="spending">
    <h2 id="spending-title">What it took</h2>
    <div class="charts">
      <${Chart} title="Tokens" which="tokens" limit=${shown.max_tokens} unit=${tokens} spent=${tokensOf} />
      <${Chart} title="Cost" which="cost" limit=${shown.max_cost_usd} unit=${(value) => money(value)} spent=${costOf} />
      <${Went} />
    </div>
    ${budget.length > 0 && html`<ul class="quiet">${budget.map((line) => html`<li>${line}</li>`)}</ul>`}
  </section>`;
}
