// Values in, words for people out.

const DAY_MS = 24 * 3600 * 1000;
const WHOLE = new Intl.NumberFormat("en-GB");

export function duration(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "unknown";
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s}\u00a0s`;
  if (s < 3600) return `${Math.floor(s / 60)}\u00a0min ${String(s % 60).padStart(2, "0")}\u00a0s`;
  return `${Math.floor(s / 3600)}\u00a0h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")}\u00a0min`;
}

// What is over is told exactly: "0 s" of a short turn says nothing.
export const took = (seconds) => (typeof seconds === "number" && seconds >= 0 && seconds < 9.95 ? `${seconds.toFixed(1)}\u00a0s` : duration(seconds));

export function clock(iso, withDate = false) {
  if (!iso) return "";
  const at = new Date(iso);
  const time = at.toLocaleTimeString("en-GB", { hour12: false });
  return withDate ? `${at.toLocaleDateString("en-GB", { day: "2-digit", month: "short", year: "numeric" })} ${time}` : time;
}

export const tokens = (count) => (count === null || count === undefined ? "unknown" : WHOLE.format(count));

const atLeast = (text, complete) => (complete === false ? `at least ${text}` : text);

// What a session has spent, in the words that every place shows: a figure that is not the whole says so.
export const tokensOf = (one) => (known(one.total_tokens) ? atLeast(tokens(one.total_tokens), one.usage_complete) : "unknown");
export const costOf = (one) => money(one.usage ? one.usage.cost_usd : one.cost_usd, one.cost_complete);
const known = (figure) => figure !== null && figure !== undefined;

// How long it has taken, one text wherever it is told.
export const tookOf = (one, now) => (isOver(one) || !one.live ? took(one.elapsed_s) : duration((now - Date.parse(one.opened_at)) / 1000));

export const counted = (count, name, many = `${name}s`) => `${tokens(count)} ${count === 1 ? name : many}`;

export function money(dollars, complete = true) {
  if (dollars === null || dollars === undefined) return "unknown";
  return atLeast(`$${dollars.toFixed(dollars < 1 ? 4 : 2)}`, complete);
}

// Workers in these states have nothing left that runs.
export const GONE = new Set(["done", "failed", "stopped", "unproven"]);

export const isOver = (session) => !["running", "waits_for_you", "ending"].includes(session.status);

const NAMES = { needs_person: "needs a person" };

export const words = (name) => NAMES[name] ?? String(name ?? "").replaceAll("_", " ");

// What was recorded counts without looking at the number: "1 files changed".
export const tidy = (text) => String(text ?? "").replace(/\b1 files\b/g, "1 file");

// A moment at which the target was recorded: "review 001-milestone" is what its reviewers saw.
export const momentName = (label) => label.replace(/^review (\d+)-(.*)$/, "review $1 ($2)");

// A text as somebody who works in the target would write it: its paths relative, and without a leading `cd` to it.
export function near(text, view) {
  if (!view || !text || (!text.includes(view.target) && !text.includes(view.id))) return text;
  const escaped = view.target.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return text
    .replace(new RegExp(`(^|: )cd (['"]?)${escaped}/?\\2\\s*(?:&&|;)\\s*`), "$1")
    .replace(new RegExp(`(?<![\\w./-])${escaped}/(?=[^\\s'";&|)])`, "g"), "")
    .replace(new RegExp(`(?<![^\\s'"=:(])/[^\\s'"]*/${view.id}/(?=[^\\s'";&|)])`, "g"), "");
}

// The beginning of a text that is too long, up to a word, and with a sign that there is more.
export function cut(text, most) {
  if (text.length <= most) return text;
  const begin = text.slice(0, most);
  return `${begin.slice(0, begin.lastIndexOf(" ") > most / 2 ? begin.lastIndexOf(" ") : most)} …`;
}

export function memory(mib) {
  if (mib === null || mib === undefined) return "not measured";
  return mib >= 1024 ? `${(mib / 1024).toFixed(1)} GiB` : `${mib.toFixed(0)} MiB`;
}

const secondsSince = (iso, now) => (iso ? (now - Date.parse(iso)) / 1000 : null);

// How it is known that nothing of a worker runs any more.
const PROOFS = {
  "empty pid namespace": "nothing of it runs: its process namespace is empty",
  "cgroup empty": "nothing of it runs: its cgroup is empty",
  "empty sub-reaper walk": "nothing of it was found running",
  "nothing was started": "nothing of it was started",
  none: "that nothing of it runs is not proven",
};

// The evidence for a worker's state, as of now.
export function evidence(worker, now, over = false) {
  const sample = worker.samples.at(-1);
  const measured = sample ? `${sample.cpu_percent.toFixed(0)} % CPU` : "CPU not measured yet";
  const proof = worker.exit ? PROOFS[worker.exit.proof] ?? worker.exit.proof : "never started";
  if (over && worker.status === "limited" && worker.exit) return `at a usage limit when the session ended; ${proof}`;
  switch (worker.status) {
    case "running":
      return `${duration(secondsSince(worker.last_heard, now))} since last byte, ${measured}`;
    case "silent":
      return `silent for ${duration(secondsSince(worker.last_heard, now))}, ${measured}`;
    case "frozen":
      return `${worker.why ? `${worker.why}, ` : ""}frozen for ${duration(secondsSince(worker.frozen_since, now))}`;
    case "limited":
      return worker.limited_until ? `limited until ${clock(worker.limited_until, Date.parse(worker.limited_until) - now > DAY_MS / 2)}` : `limited; the CLI did not say until when`;
    case "waiting":
      return worker.why || "waits for those before it";
    case "done": case "failed": case "stopped": case "unproven": {
      return worker.why ? `${tidy(worker.why).replace(/\.$/, "")}; ${proof}` : proof;
    }
    case "starting":
      return worker.why || "no byte yet";
    default:
      return worker.why || words(worker.status);
  }
}

export function ranSeconds(worker, now) {
  const running = worker.running_since ? (now - Date.parse(worker.running_since)) / 1000 : 0;
  return worker.ran_s + Math.max(0, running);
}
