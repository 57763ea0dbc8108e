// Chapter 5: conditions, variables and their order, legal joint states, exact counts.
import { compareBytes, evaluate, semantic } from './errors.mjs';

export const ALWAYS = -1;
const INACTIVE = -1;
const LIMIT = 2 ** 20;

export class ScopeDag {
  constructor(descriptors) {
    this.variables = [];
    this.byKey = new Map();
    const discrete = [...descriptors.values()].filter((d) => d.doc.regime === 'discrete');
    for (const d of discrete) this.addVariables(d);
    for (const d of descriptors.values()) d.conditions = this.compile(d, descriptors);
    this.order();
  }

  addVariables(d) {
    const { site, state, label, condition, population } = d.tables.states;
    const keys = new Map();
    d.tables.variables.site.forEach((s, i) => keys.set(s, d.tables.variables.draw_key[i]));
    d.variables = new Map();
    for (let r = 0; r < site.length; r++) {
      let v = d.variables.get(site[r]);
      if (!v) {
        v = { descriptor: d, site: site[r], key: `${d.id}/${site[r]}`, drawKey: keys.get(site[r]), states: [], stateOf: new Map() };
        d.variables.set(site[r], v);
        this.variables.push(v);
        this.byKey.set(v.key, v);
      }
      let s = v.stateOf.get(state[r]);
      if (!s) {
        s = { index: v.states.length, number: state[r], label: label[r], rows: [], first: r };
        v.states.push(s);
        v.stateOf.set(state[r], s);
      }
      s.rows.push({ condition: condition[r], population: population[r], row: r });
    }
  }

  // Condition number to clauses: variable key to the set of states it names.
  compile(d, descriptors) {
    const conditions = new Map();
    const table = d.tables.conditions;
    if (!table) return conditions;
    const at = `descriptors/${d.id}/conditions`;
    for (let r = 0; r < table.rows; r++) {
      const parent = descriptors.get(table.parent[r]);
      const variable = parent?.variables?.get(table.site[r]);
      if (!variable?.stateOf.has(table.state[r])) throw semantic('unknown-state', `${at}[${r}]`);
      let clauses = conditions.get(table.condition[r]);
      if (!clauses) conditions.set(table.condition[r], clauses = new Map());
      if (!clauses.has(variable)) clauses.set(variable, new Set());
      clauses.get(variable).add(table.state[r]);
    }
    return conditions;
  }

  clausesOf(d, condition) {
    return condition === ALWAYS ? [] : [...d.conditions.get(condition)];
  }

  order() {
    for (const v of this.variables) {
      const used = new Set(v.states.flatMap((s) => s.rows.map((r) => r.condition)));
      used.add(v.descriptor.activeWhen);
      v.parents = new Set();
      for (const c of used) for (const [parent] of this.clausesOf(v.descriptor, c)) v.parents.add(parent);
      v.mayBeInactive = v.descriptor.doc.active_when != null
        || !v.states.some((s) => s.rows.some((r) => r.condition === ALWAYS));
    }
    // Kahn's algorithm; the depth is that of the longest path.
    const waiting = new Map(this.variables.map((v) => [v, v.parents.size]));
    const childrenOf = new Map(this.variables.map((v) => [v, []]));
    for (const v of this.variables) for (const p of v.parents) childrenOf.get(p).push(v);
    let ready = this.variables.filter((v) => v.parents.size === 0);
    for (const v of ready) v.depth = 0;
    let done = 0;
    while (ready.length) {
      const next = [];
      for (const v of ready) {
        done++;
        for (const c of childrenOf.get(v)) {
          c.depth = Math.max(c.depth ?? 0, v.depth + 1);
          waiting.set(c, waiting.get(c) - 1);
          if (waiting.get(c) === 0) next.push(c);
        }
      }
      ready = next;
    }
    if (done < this.variables.length) {
      const stuck = this.variables.find((v) => waiting.get(v) > 0);
      throw semantic('scope-cycle', `descriptors/${stuck.descriptor.id}/conditions`);
    }
    this.variables.sort((a, b) => a.depth - b.depth || compareBytes(a.descriptor.id, b.descriptor.id) || a.site - b.site);
    this.variables.forEach((v, i) => { v.position = i; });
  }

  // `joint` maps variables to state numbers; a variable that is missing is inactive.
  holds(d, condition, joint) {
    for (const [variable, states] of this.clausesOf(d, condition)) {
      if (!joint.has(variable) || !states.has(joint.get(variable))) return false;
    }
    return true;
  }
  active(d, joint) {
    return this.holds(d, d.activeWhen, joint);
  }
  rowHolds(d, condition, joint) {
    return this.active(d, joint) && this.holds(d, condition, joint);
  }
  // Available states with the population of the row that holds, in declared order.
  available(v, joint) {
    if (!this.active(v.descriptor, joint)) return [];
    const out = [];
    for (const s of v.states) {
      const row = s.rows.find((r) => this.holds(v.descriptor, r.condition, joint));
      if (row) out.push({ state: s, population: row.population });
    }
    return out;
  }
  name(joint) {
    const out = {};
    for (const v of this.variables) if (joint.has(v)) out[v.key] = v.stateOf.get(joint.get(v)).label;
    return out;
  }

  // Legal joint states in lexicographic order, one after the other.
  *list() {
    const { variables } = this;
    const joint = new Map();
    const options = [];
    const at = [];
    for (let i = 0; i >= 0;) {
      if (i === variables.length) {
        yield this.name(joint);
        i--;
      } else if (options[i] === undefined) {
        options[i] = this.available(variables[i], joint);
        at[i] = -1;
      }
      while (i >= 0 && options[i] !== undefined) {
        at[i]++;
        joint.delete(variables[i]);
        if (at[i] < Math.max(options[i].length, 1)) {
          if (options[i].length) joint.set(variables[i], options[i][at[i]].state.number);
          i++;
          break;
        }
        options[i] = undefined;
        i--;
      }
    }
  }

  count(variables = this.variables, evidence = []) {
    const domain = new Map();
    for (const v of variables) domain.set(v, v.mayBeInactive ? [...v.states.map((s) => s.number), INACTIVE] : v.states.map((s) => s.number));
    const factors = variables.map((v) => this.factor(v, domain));
    for (const [v, states] of evidence) {
      factors.push({ scope: [v], table: domain.get(v).map((s) => (states.has(s) ? 1n : 0n)) });
    }
    return eliminate(variables, domain, factors);
  }

  // Entry 1 where the value of v is right for the values of its parents. Tables are made when they are first multiplied.
  factor(v, domain) {
    const scope = [...v.parents, v];
    return {
      scope,
      make: () => {
        const sizes = scope.map((x) => domain.get(x).length);
        const total = sizes.reduce((a, b) => a * b, 1);
        if (total > LIMIT) throw evaluate('too-entangled', 'descriptors');
        const table = new Array(total);
        const joint = new Map();
        const fill = (i, offset) => {
          if (i === scope.length - 1) {
            const options = new Set(this.available(v, joint).map(({ state }) => state.number));
            domain.get(v).forEach((value, k) => {
              table[offset * sizes[i] + k] = (options.size ? options.has(value) : value === INACTIVE) ? 1n : 0n;
            });
            return;
          }
          domain.get(scope[i]).forEach((value, k) => {
            if (value === INACTIVE) joint.delete(scope[i]);
            else joint.set(scope[i], value);
            fill(i + 1, offset * sizes[i] + k);
          });
          joint.delete(scope[i]);
        };
        fill(0, 0);
        return table;
      },
    };
  }

  ancestors(start) {
    const found = new Set();
    const stack = [...start];
    while (stack.length) {
      const v = stack.pop();
      if (found.has(v)) continue;
      found.add(v);
      stack.push(...v.parents);
    }
    return this.variables.filter((v) => found.has(v));
  }

  // DAG-15.
  checkOverlaps() {
    for (const v of this.variables) {
      const d = v.descriptor;
      for (const s of v.states) {
        for (let i = 0; i < s.rows.length; i++) {
          for (let j = 0; j < i; j++) {
            if (this.canHoldTogether(d, s.rows[i].condition, s.rows[j].condition)) {
              throw semantic('overlapping-conditions', `descriptors/${d.id}/states[${s.rows[i].row}]`);
            }
          }
        }
      }
    }
  }

  canHoldTogether(d, ...conditions) {
    const evidence = new Map();
    for (const c of [d.activeWhen, ...conditions]) {
      for (const [variable, states] of this.clausesOf(d, c)) {
        const before = evidence.get(variable);
        evidence.set(variable, before ? new Set([...before].filter((s) => states.has(s))) : states);
        if (evidence.get(variable).size === 0) return false;
      }
    }
    return this.count(this.ancestors(evidence.keys()), [...evidence]) > 0n;
  }
}

// Sum of the product of factors over all assignments, by the elimination of 5.5.
function eliminate(variables, domain, factors) {
  const neighbours = new Map(variables.map((v) => [v, new Set()]));
  const holding = new Map(variables.map((v) => [v, new Set()]));
  for (const f of factors) {
    for (const a of f.scope) {
      holding.get(a).add(f);
      for (const b of f.scope) if (a !== b) neighbours.get(a).add(b);
    }
  }
  const left = new Set(variables);
  const plan = [];
  // The whole order is judged before any table is made, so that refusals do not wait for work.
  const graph = new Map([...neighbours].map(([v, set]) => [v, new Set(set)]));
  while (left.size) {
    let best;
    for (const v of left) {
      const degree = graph.get(v).size;
      if (best === undefined || degree < graph.get(best).size) best = v;
      if (graph.get(best).size === 0) break;
    }
    const around = [...graph.get(best)];
    if (around.length > 20) throw evaluate('too-entangled', 'descriptors');
    const entries = [best, ...around].reduce((n, v) => n * domain.get(v).length, 1);
    if (entries > LIMIT) throw evaluate('too-entangled', 'descriptors');
    plan.push([best, around]);
    for (const a of around) {
      graph.get(a).delete(best);
      for (const b of around) if (a !== b) graph.get(a).add(b);
    }
    left.delete(best);
  }
  let result = 1n;
  for (const [v, around] of plan) {
    const scope = [...around, v];
    const sizes = scope.map((x) => domain.get(x).length);
    const total = sizes.reduce((a, b) => a * b, 1);
    const parts = [...holding.get(v)].map((f) => {
      const strides = new Array(f.scope.length);
      for (let i = f.scope.length - 1, s = 1; i >= 0; i--) {
        strides[i] = s;
        s *= domain.get(f.scope[i]).length;
      }
      return { table: f.table ?? f.make(), strides: scope.map((x) => (f.scope.includes(x) ? strides[f.scope.indexOf(x)] : 0)) };
    });
    const last = sizes.length - 1;
    const summed = new Array(total / sizes[last]).fill(0n);
    const digits = new Array(sizes.length).fill(0);
    const offsets = parts.map(() => 0);
    for (let k = 0; k < total; k++) {
      let product = 1n;
      for (let p = 0; p < parts.length && product !== 0n; p++) product *= parts[p].table[offsets[p]];
      if (product) summed[Math.floor(k / sizes[last])] += product;
      for (let i = last; i >= 0; i--) {
        digits[i]++;
        parts.forEach((part, p) => { offsets[p] += part.strides[i]; });
        if (digits[i] < sizes[i]) break;
        digits[i] = 0;
        parts.forEach((part, p) => { offsets[p] -= part.strides[i] * sizes[i]; });
      }
    }
    for (const f of holding.get(v)) for (const x of f.scope) if (x !== v) holding.get(x).delete(f);
    if (around.length === 0) result *= summed[0];
    else {
      const f = { scope: around, table: summed };
      for (const x of around) holding.get(x).add(f);
    }
  }
  return result;
}
