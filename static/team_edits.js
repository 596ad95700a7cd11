// What can be done to a team's plan, values in and values out; what it means is the server's to say.
// A node's place is a list of steps from the root: the number of a child, "gate" or "synthesizer".

export const kindOf = (node) => ("include" in node ? "include" : "strategy" in node ? "strategy" : "gates" in node ? "gates" : "agent");
export const at = (plan, place) => place.reduce((node, step) => (typeof step === "number" ? node.children[step] : node[step]), plan);
export const isSame = (one, other) => one.length === other.length && one.every((step, i) => step === other[i]);
// As the outline of a plan has it: 1.2.gate.
export const label = (place) => ["1", ...place.map((step) => (typeof step === "number" ? step + 1 : step === "synthesizer" ? "synthesis" : step))].join(".");

const GATED = new Set(["adaptive", "repeat", "best_of"]);
const last = (place) => place[place.length - 1];
const above = (place) => place.slice(0, -1);

function parts(node) {
  const children = (node.children ?? []).map((_, i) => i);
  return [...children, ...["gate", "synthesizer"].filter((name) => node[name] !== undefined)];
}

// Every node in the order in which it is shown, with how many stand beside it.
export function rows(plan) {
  const found = [];
  const visit = (place, number, of) => {
    const node = at(plan, place);
    found.push({ place, node, number, of });
    const below = kindOf(node) === "strategy" ? parts(node) : [];
    below.forEach((step, i) => visit([...place, step], i + 1, below.length));
  };
  visit([], 1, 1);
  return found;
}

const placeOf = (plan, node) => rows(plan).find((row) => row.node === node)?.place ?? [];

// An edit on a copy: `act` gets the copy and its root's holder, and gives the node that is selected then.
function edited(plan, act) {
  const holder = { plan: structuredClone(plan) };
  const node = act(holder);
  return node ? { plan: holder.plan, place: placeOf(holder.plan, node) } : null;
}

export function add(plan, place, node) {
  return edited(plan, (holder) => {
    const made = structuredClone(node);
    const here = at(holder.plan, place);
    if (kindOf(here) === "strategy") {
      if (kindOf(made) === "gates" && GATED.has(here.strategy) && !here.gate) here.gate = made;
      else here.children = [...(here.children ?? []), made];
    } else if (place.length === 0) {
      holder.plan = kindOf(made) === "strategy" ? { ...made, children: [here] } : { strategy: "sequential", children: [here, made] };
      return kindOf(made) === "strategy" ? holder.plan : made;
    } else {
      const parent = at(holder.plan, above(place));
      parent.children ??= [];
      parent.children.splice(typeof last(place) === "number" ? last(place) + 1 : parent.children.length, 0, made);
    }
    return made;
  });
}

export function remove(plan, place) {
  if (place.length === 0) return null;
  return edited(plan, (holder) => {
    const parent = at(holder.plan, above(place));
    if (typeof last(place) !== "number") {
      delete parent[last(place)];
      return parent;
    }
    parent.children.splice(last(place), 1);
    return parent.children[Math.min(last(place), parent.children.length - 1)] ?? parent;
  });
}

// Up and down among those beside it, into the strategy before it, or out of the one that it is in.
export function move(plan, place, where) {
  if (place.length === 0 || typeof last(place) !== "number") return null;
  return edited(plan, (holder) => {
    const [parent, number] = [at(holder.plan, above(place)), last(place)];
    const node = parent.children[number];
    if (where === "up" || where === "down") {
      const to = number + (where === "up" ? -1 : 1);
      if (to < 0 || to >= parent.children.length) return null;
      [parent.children[number], parent.children[to]] = [parent.children[to], node];
      return node;
    }
    if (where === "in") {
      const before = parent.children[number - 1];
      if (!before || kindOf(before) !== "strategy") return null;
      before.children = [...(before.children ?? []), node];
    } else {
      const outer = above(place);
      if (outer.length === 0 || typeof last(outer) !== "number") return null;
      at(holder.plan, above(outer)).children.splice(last(outer) + 1, 0, node);
    }
    parent.children.splice(number, 1);
    return node;
  });
}

// What was dragged: into a strategy as its last part, else in front of what it was dropped on.
export function drop(plan, from, to) {
  if (from.length === 0 || isSame(from, to.slice(0, from.length)) || typeof last(from) !== "number") return null;
  return edited(plan, (holder) => {
    const [parent, node, onto] = [at(holder.plan, above(from)), at(holder.plan, from), at(holder.plan, to)];
    const isInto = kindOf(onto) === "strategy";
    if (!isInto && typeof last(to) !== "number") return null;
    const beside = isInto ? null : at(holder.plan, above(to));
    parent.children.splice(last(from), 1);
    if (isInto) onto.children = [...(onto.children ?? []), node];
    else beside.children.splice(beside.children.indexOf(onto), 0, node);
    return node;
  });
}

// One field of a node, "limits.timeout_s" one of a table in it; nothing takes it away.
export function change(plan, place, field, value) {
  return edited(plan, (holder) => {
    const node = at(holder.plan, place);
    const [name, inner] = field.split(".");
    if (inner) {
      const table = { ...node[name], [inner]: value };
      if (value === undefined) delete table[inner];
      value = Object.keys(table).length > 0 ? table : undefined;
    }
    if (value === undefined) delete node[name];
    else node[name] = value;
    return node;
  });
}
