// Chapters 5.4, 6, 7, 8, 10 and 11: one evaluation, with or without a draw.
import { compareBytes, evaluate as refuse, semantic } from './errors.mjs';
import { contribute, mixed, motion, move, triple } from './displacement.mjs';
import { addCovariance, levels } from './gaussian.mjs';
import { apply, cholesky, fromSix, multiply, nearestSemidefinite, passes, rotateSix } from './linear.mjs';
import { block, inverseNormal, STREAM, uniform } from './philox.mjs';

const POLICY = { iadp: 'sample_per_step', tls: 'sample_per_step', nm_covariance: 'sample_per_step', aadp: 'mean' };
const TOP = 1n << 64n;

export class Evaluation {
  // draw: { seed, index } or undefined; iterated: set of names of axes.
  constructor(deposition, request, { draw, iterated = new Set(), at = {} } = {}) {
    Object.assign(this, { deposition, request, draw, iterated });
    this.dag = deposition.dag;
    this.at = new Map(Object.entries(at));
    for (const [name, index] of this.at) {
      const axis = deposition.axes.get(name);
      if (!axis) throw semantic('unknown-axis', 'at');
      if (!Number.isInteger(index) || index < 0 || index >= axis.length) throw refuse('axis-index', 'at');
    }
    this.rows = this.chooseAtoms(request.atoms);
    this.checkComponents(request.components ?? {});
    this.joint = this.chooseState(request.state ?? {});
  }

  chooseAtoms(atoms) {
    const { hierarchy } = this.deposition;
    if (atoms === undefined) return Int32Array.from({ length: hierarchy.n }, (_, i) => i);
    return Int32Array.from(atoms, (id, i) => {
      const row = hierarchy.rowOf.get(id);
      if (row === undefined) throw refuse('atom-not-found', 'atoms');
      if (i > 0 && atoms[i - 1] >= id) throw refuse('bad-request', 'atoms');
      return row;
    });
  }

  checkComponents(components) {
    for (const [id, values] of Object.entries(components)) {
      const d = this.deposition.descriptors.get(id);
      d?.refuseUnknown();
      if (d?.components === undefined || values.length !== d.components) throw refuse('bad-request', 'components');
    }
  }

  random(drawKey, stream) {
    return block(this.draw.seed, this.draw.index, drawKey, stream);
  }

  chooseState(given) {
    const { dag } = this;
    const wanted = new Map();
    for (const [key, label] of Object.entries(given)) {
      const v = dag.byKey.get(key);
      const state = v?.states.find((s) => s.label === label);
      if (!state) throw refuse('state-not-found', 'state');
      wanted.set(v, state.number);
    }
    const joint = new Map();
    for (const v of dag.variables) {
      const { doc, arrays } = v.descriptor;
      let fixed;
      if (this.at.has(doc.state_axis)) fixed = this.at.get(doc.state_axis);
      else if (this.at.has(doc.sample_axis)) fixed = arrays.labels.data[this.at.get(doc.sample_axis)];
      if (fixed !== undefined && wanted.has(v) && wanted.get(v) !== fixed) throw refuse('illegal-state', 'state');
      const choice = fixed ?? wanted.get(v);
      const options = dag.available(v, joint);
      if (choice !== undefined) {
        if (!options.some(({ state }) => state.number === choice)) throw refuse('illegal-state', 'state');
        joint.set(v, choice);
      } else if (options.length) joint.set(v, this.draw ? this.drawState(v, options) : mostPopulated(options));
      // AXI-10
      if (doc.state_axis != null && joint.has(v)) this.at.set(doc.state_axis, joint.get(v));
    }
    return joint;
  }

  drawState(v, options) {
    let sum = 0;
    const sums = options.map(({ population }) => (sum += population));
    if (!(sum > 0)) throw refuse('no-population', `descriptors/${v.descriptor.id}/states`);
    const u = uniform(this.random(v.drawKey, STREAM.variable)[0]);
    const k = sums.findIndex((c) => u < c / sum);
    return options[k].state.number;
  }

  active(d) {
    return d.doc.signal_type !== 'unknown' && this.dag.active(d, this.joint);
  }

  // Index of the descriptor's axis; refused where it is needed and not given (AXI-7).
  step(d) {
    const { sample_axis: axis, regime } = d.doc;
    if (axis == null || regime === 'discrete') return undefined;
    if (!this.at.has(axis)) throw refuse('axis-not-given', `${d.at}#/sample_axis`);
    return this.at.get(axis);
  }

  components(d) {
    if (d.components === undefined) return undefined;
    const given = this.request.components?.[d.id];
    if (given) return given;
    const stored = d.arrays.coefficients ?? d.arrays.latent;
    const { latents } = d.tables;
    if (stored?.shape.length === 1) return [...stored.data];
    if (stored && (this.at.has(d.doc.sample_axis) || !latents)) {
      const step = this.step(d);
      return [...stored.data.subarray(step * d.components, (step + 1) * d.components)];
    }
    const drawn = Array.from(latents.variance, (variance, c) => (this.draw
      ? Math.sqrt(variance) * inverseNormal(uniform(this.random(latents.draw_key[c], STREAM.latent)[0])) : 0));
    if (d.kind !== 'gaussian_mixture' || !drawn.length) return drawn;
    return mixed(d.arrays, this.draw ? uniform(this.random(latents.draw_key[0], STREAM.mixture)[0]) : undefined, drawn);
  }

  touches(d) {
    const wanted = new Set(this.rows);
    const site = (row) => d.doc.regime !== 'discrete' || !d.lacksEntry || this.joint.has(d.variables.get(d.scope.labels[row]));
    for (const row of d.covered()) if (wanted.has(row) && site(row)) return true;
    return false;
  }

  // Transforms of each atom in the order in which they act.
  transforms() {
    if (this.transformsOf) return this.transformsOf;
    const of = new Map();
    for (const d of this.deposition.descriptors.values()) {
      if (!d.isTransform || !this.active(d) || !this.touches(d)) continue;
      d.refuseUnknown();
      const isDiscrete = d.doc.regime === 'discrete';
      const step = this.step(d) ?? 0;
      const bodies = new Map();
      d.scope.labels.forEach((label, row) => {
        const v = d.variables?.get(label);
        if (label < 0 || (isDiscrete && !this.joint.has(v))) return;
        if (!bodies.has(label)) {
          const leading = isDiscrete ? d.pairRow.get(`${label} ${this.joint.get(v)}`) : step;
          const body = motion(d.arrays, leading * d.scope.count + label);
          bodies.set(label, {
            d, size: d.groupSize.get(label),
            point: (x) => (d.rotation ? d.toPoint(move(body, apply(d.back, [0, 1, 2].map((c) => x[c] - d.shift[c])))) : move(body, x)),
            turn: d.rotation ? multiply(multiply(d.rotation, body.R), d.back) : body.R,
          });
        }
        if (!of.has(row)) of.set(row, []);
        of.get(row).push(bodies.get(label));
      });
    }
    for (const list of of.values()) list.sort((a, b) => a.size - b.size || compareBytes(a.d.id, b.d.id));
    return (this.transformsOf = of);
  }

  // Presence (N) of all atoms: what discrete descriptors and arrays `present` say.
  presence() {
    const present = new Uint8Array(this.deposition.hierarchy.n).fill(1);
    for (const d of this.deposition.descriptors.values()) {
      const marks = d.arrays.present || d.tables.absent?.rows;
      if (!marks || !this.active(d) || !this.touches(d)) continue;
      contribute(d, { joint: this.joint, step: this.step(d), absent: (row) => { present[row] = 0; }, give: () => {} });
    }
    return present;
  }

  // Mean (N, 3) of all atoms.
  position() {
    if (this.placed) return this.placed;
    const { xref, hierarchy, descriptors } = this.deposition;
    const base = Float64Array.from(xref);
    const moved = new Float64Array(3 * hierarchy.n);
    const owner = new Array(hierarchy.n);
    const wanted = this.request.atoms === undefined ? undefined : new Set(this.rows);
    for (const d of descriptors.values()) {
      if (d.isGaussian || d.isTransform || !this.active(d) || !this.touches(d)) continue;
      d.refuseUnknown();
      const components = this.components(d);
      contribute(d, {
        joint: this.joint,
        step: components ? undefined : this.step(d),
        components,
        wanted,
        allowCode: this.request.allow_code,
        absent: () => {},
        give: (row, v, absolute) => {
          if (absolute) {
            if (owner[row] && (!wanted || wanted.has(row))) throw semantic('absolute-conflict', d.at);
            owner[row] = d;
          }
          for (let c = 0; c < 3; c++) {
            if (absolute) base[3 * row + c] = v[c];
            else moved[3 * row + c] += v[c];
          }
        },
      });
    }
    for (let i = 0; i < base.length; i++) base[i] += moved[i];
    for (const [row, list] of this.transforms()) {
      let x = triple(base, row);
      for (const { point } of list) x = point(x);
      base.set(x, 3 * row);
    }
    return (this.placed = { mean: base });
  }

  // Covariance (N, 6) of the descriptors given, transforms included.
  covariance(of = levels(this.deposition)) {
    const { n } = this.deposition.hierarchy;
    const out = new Float64Array(6 * n);
    for (const d of of) {
      if (!this.active(d) || !this.touches(d)) continue;
      d.refuseUnknown();
      addCovariance(d, out, (condition) => this.dag.holds(d, condition, this.joint), this.step(d));
    }
    for (const [row, list] of this.transforms()) {
      let u = out.subarray(6 * row, 6 * row + 6);
      for (const { turn } of list) u = rotateSix(turn, u);
      out.set(u, 6 * row);
    }
    return out;
  }

  // AXI-19 to AXI-21.
  drawnLevels() {
    const all = levels(this.deposition);
    if (!this.iterated.size) return all;
    return all.filter((d) => d.doc.sample_axis != null
      || (this.request.policies?.[d.id] ?? d.doc.broadcast_policy ?? POLICY[d.kind] ?? 'sample_per_step') === 'sample_per_step');
  }

  drawCoordinates() {
    const { hierarchy } = this.deposition;
    const { mean } = this.position();
    const u = this.covariance(this.drawnLevels());
    const out = new Float64Array(3 * this.rows.length);
    let clipped = false;
    this.rows.forEach((row, i) => {
      let six = u.subarray(6 * row, 6 * row + 6);
      const x = triple(mean, row);
      if (six.some((v) => v !== 0)) {
        if (!passes(six)) {
          if (this.request.psd !== 'clip') throw refuse('not-positive-semidefinite', `hierarchy/atoms[${row}]`);
          clipped = true;
        }
        six = nearestSemidefinite(six);
        const z = this.random(hierarchy.drawKey[row], STREAM.atom).slice(0, 3).map((w) => inverseNormal(uniform(w)));
        const [c11, c21, c31, c22, c32, c33] = cholesky(six);
        x[0] += c11 * z[0];
        x[1] += c21 * z[0] + c22 * z[1];
        x[2] += c31 * z[0] + c32 * z[1] + c33 * z[2];
      }
      out.set(x, 3 * i);
    });
    return { xyz: out, clipped };
  }

  // Results for the atoms of the request, in their order.
  take(data, width) {
    const out = new data.constructor(width * this.rows.length);
    this.rows.forEach((row, i) => out.set(data.subarray(width * row, width * row + width), width * i));
    return out;
  }
}

function mostPopulated(options) {
  let best = options[0];
  for (const option of options) if (option.population > best.population) best = option;
  return best.state.number;
}

const vectors = (data, ...lead) => ({ data, shape: [...lead, data.length / 3 / lead.reduce((a, b) => a * b, 1), 3], dtype: 'float64' });
function matrices(six) {
  const out = new Float64Array((six.length / 6) * 9);
  for (let i = 0; i < six.length / 6; i++) out.set(fromSix(six.subarray(6 * i, 6 * i + 6)).flat(), 9 * i);
  return { data: out, shape: [six.length / 6, 3, 3], dtype: 'float64' };
}
const mask = (data) => ({ data, shape: [data.length], dtype: 'bool' });

export function answerEvaluate(deposition, request) {
  const { outputs } = request;
  const out = {};
  const wants = (name) => outputs.includes(name);
  let chosen;
  if (request.descriptors) {
    chosen = new Set(request.descriptors);
    for (const id of chosen) if (!deposition.descriptors.get(id)?.isGaussian) throw refuse('bad-request', 'descriptors');
  }
  const { dag } = deposition;
  if (wants('count')) out.count = String(dag.count());
  if (wants('states')) {
    if (request.list === undefined) throw refuse('bad-request', 'list');
    out.states = [];
    for (const joint of dag.list()) {
      if (out.states.length >= request.list) break;
      out.states.push(joint);
    }
  }
  if (wants('default')) out.default = dag.name(new Evaluation(deposition, {}).joint);
  const evaluation = new Evaluation(deposition, request, { at: request.at });
  const ids = levels(deposition).filter((d) => !chosen || chosen.has(d.id));
  if (wants('state')) out.state = dag.name(evaluation.joint);
  if (wants('mean')) out.mean = vectors(evaluation.take(evaluation.position().mean, 3));
  if (wants('present')) out.present = mask(evaluation.take(evaluation.presence(), 1));
  if (wants('levels')) out.levels = ids.map((d) => d.id);
  let total;
  if (wants('covariance') || wants('covariance_by_level')) {
    total = evaluation.take(evaluation.covariance(ids), 6);
    if (wants('covariance')) out.covariance = matrices(total);
  }
  if (wants('covariance_by_level')) {
    const parts = ids.map((d) => matrices(evaluation.take(evaluation.covariance([d]), 6)));
    const data = new Float64Array(parts.length * evaluation.rows.length * 9);
    parts.forEach((part, i) => data.set(part.data, i * evaluation.rows.length * 9));
    out.covariance_by_level = { data, shape: [parts.length, evaluation.rows.length, 3, 3], dtype: 'float64' };
  }
  if (wants('warnings')) {
    out.warnings = [];
    for (let i = 0; total && i < evaluation.rows.length; i++) {
      if (!passes(total.subarray(6 * i, 6 * i + 6))) {
        out.warnings.push({ stage: 'evaluate', code: 'not-positive-semidefinite', where: `hierarchy/atoms[${evaluation.rows[i]}]` });
      }
    }
  }
  return out;
}

function whole(text, where) {
  if (typeof text !== 'string' || !/^[0-9]+$/.test(text) || BigInt(text) >= TOP) throw refuse('draw-range', where);
  return BigInt(text);
}

export function answerDraw(deposition, request, seedText) {
  if (seedText === null || seedText === undefined) throw refuse('bad-request', 'seed');
  const seed = whole(seedText, 'seed');
  const start = whole(request.index ?? '0', 'index');
  const { outputs } = request;
  const wants = (name) => outputs.includes(name);
  if (request.policies && !request.iterate) throw refuse('bad-request', 'policies');
  for (const id of Object.keys(request.policies ?? {})) {
    if (!deposition.descriptors.get(id)?.isGaussian) throw refuse('bad-request', 'policies');
  }
  // Row-major number of the step among the iterated axes.
  let product = 1n, number = 0n;
  const iterated = Object.keys(request.iterate ?? {}).sort(compareBytes);
  for (const name of iterated) {
    const axis = deposition.axes.get(name);
    if (!axis) throw semantic('unknown-axis', 'iterate');
    const index = request.iterate[name];
    if (!Number.isInteger(index) || index < 0 || index >= axis.length) throw refuse('axis-index', 'iterate');
    if (request.at && name in request.at) throw refuse('bad-request', 'iterate');
    product *= BigInt(axis.length);
    number = number * BigInt(axis.length) + BigInt(index);
  }
  const make = (offset) => {
    const index = (start + offset) * product + number;
    if (index >= TOP) throw refuse('draw-range', 'index');
    return new Evaluation(deposition, request, {
      draw: { seed, index }, iterated: new Set(iterated), at: { ...request.at, ...request.iterate },
    });
  };
  const out = {};
  const first = make(0n);
  if (wants('state')) out.state = deposition.dag.name(first.joint);
  if (wants('mean')) out.mean = vectors(first.take(first.position().mean, 3));
  if (wants('present')) out.present = mask(first.take(first.presence(), 1));
  if (wants('covariance')) out.covariance = matrices(first.take(first.covariance(), 6));
  if (wants('xyz') || wants('clipped')) {
    const { xyz, clipped } = first.drawCoordinates();
    if (wants('xyz')) out.xyz = vectors(xyz);
    if (wants('clipped')) out.clipped = clipped;
  }
  if (wants('draws') || wants('states_drawn')) {
    const count = request.count ?? 1;
    const names = request.variables ?? (request.variable === undefined ? [] : [request.variable]);
    const variables = names.map((name) => deposition.dag.byKey.get(name));
    const given = ['variable', 'variables'].filter((key) => request[key] !== undefined);
    if (wants('states_drawn') && given.length !== 1) throw refuse('bad-request', 'variable');
    if (wants('states_drawn') && variables.includes(undefined)) throw refuse('state-not-found', 'variable');
    const labels = (joint) => variables.map((v) => (joint.has(v) ? v.stateOf.get(joint.get(v)).label : null));
    const draws = new Float64Array(wants('draws') ? count * first.rows.length * 3 : 0);
    const states = [];
    for (let k = 0; k < count; k++) {
      const evaluation = make(BigInt(k));
      if (wants('draws')) {
        const { xyz, clipped } = evaluation.drawCoordinates();
        draws.set(xyz, 3 * first.rows.length * k);
        if (wants('clipped') && clipped) out.clipped = true; // COV-12
      }
      if (wants('states_drawn')) states.push(request.variables ? labels(evaluation.joint) : labels(evaluation.joint)[0]);
    }
    if (wants('draws')) out.draws = { data: draws, shape: [count, first.rows.length, 3], dtype: 'float64' };
    if (wants('states_drawn')) out.states_drawn = states;
  }
  return out;
}
