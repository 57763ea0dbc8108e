// One descriptor: its document (chapter 4), its states (5), its payload and where its atoms stand (12).
import { operator as operatorError, semantic } from './errors.mjs';
import { sha256 } from './digest.mjs';
import { contribute } from './displacement.mjs';
import { scopeLabels } from './hierarchy.mjs';
import { add, apply, determinant, IDENTITY, multiply, subtract, transpose } from './linear.mjs';
import { checkOperatorArrays } from './operator-arrays.mjs';
import { checkAscending, checkOrder, checkUnique, loadArray, loadPayload, Shapes } from './payload.mjs';
import { checkOperatorReference, familyOf, isKnownFamily, presentKeys } from './reference.mjs';
import { payloads } from './schema.mjs';
import { ALWAYS } from './scope-dag.mjs';

const TOLERANCE = 1e-6;

const DISCRETE = ['independent', 'nested_under'];
// Chapter 4.2: regime, mode, signal type, family of the operator, algebras.
const PERMITTED = [
  ['discrete', 'A', 'categorical_state', undefined, DISCRETE],
  ['discrete', 'A', 'coordinates', undefined, DISCRETE],
  ['discrete', 'B', 'categorical_state', undefined, DISCRETE],
  ['discrete', 'C', 'categorical_state', 'rigid_body', DISCRETE],
  ['trajectory', 'A', 'coordinates', undefined, ['independent']],
  ['trajectory', 'A', 'deterministic_displacement', undefined, ['additive_displacement']],
  ['trajectory', 'C', 'coordinates', 'external_reference', ['independent']],
  ['continuous', 'C', 'gaussian_disorder', 'parametric_gaussian', ['additive_covariance']],
  ['continuous', 'C', 'deterministic_displacement', 'basis', ['additive_displacement']],
  ['continuous', 'C', 'deterministic_displacement', 'rigid_body', ['additive_displacement']],
  ['continuous', 'C', 'deterministic_displacement', 'neural_decoder', ['additive_displacement']],
  ['continuous', 'C', 'coordinates', 'neural_decoder', ['additive_displacement']],
  ['continuous', 'C', 'deterministic_displacement', 'lookup_table', ['additive_displacement']],
  ['continuous', 'C', 'coordinates', 'lookup_table', ['additive_displacement']],
  ['continuous', 'C', 'deterministic_displacement', 'identity', ['independent']],
];
const NO_AXIS = new Set(['parametric_gaussian/iadp_v1', 'parametric_gaussian/aadp_v1', 'parametric_gaussian/nm_covariance_v1']);
const MAKERS = new Set(['assignment/nearest_landmark_v1', 'ensemble/occupancy_weighted_mean_v1']);
const BY_LABEL = new Set(['tls', 'rigid_body']);

export class Descriptor {
  constructor(deposition, id) {
    this.deposition = deposition;
    this.id = id;
    this.at = `descriptors/${id}`;
    this.doc = presentKeys(deposition.store.group(this.at)?.payload ?? {});
    this.activeWhen = this.doc.active_when ?? ALWAYS;
  }
  get isUnknown() { return this.doc.signal_type === 'unknown'; }

  get isMade() { return MAKERS.has(this.doc.derived_from?.operator?.id); }
  get isGaussian() { return this.doc.signal_type === 'gaussian_disorder'; }
  get isAbsolute() { return this.doc.signal_type === 'coordinates'; }
  get isTransform() { return this.doc.acts_as === 'transform' && this.doc.signal_type !== 'unknown'; }
  get alwaysActive() {
    return this.activeWhen === ALWAYS && (this.doc.regime !== 'discrete' || this.tables.states.condition.every((c) => c === ALWAYS));
  }
  hasCondition(c) {
    return this.tables.conditions?.condition.includes(c) ?? false;
  }

  checkDocument() {
    const { doc, at, deposition } = this;
    const refuse = (where) => { throw semantic('unsupported-combination', where); };
    if (doc.id !== this.id) throw semantic('duplicate-id', `${at}#/id`);
    if (doc.operator) this.entry = checkOperatorReference(doc.operator, `${at}#/operator`, deposition.warnings);
    this.lacksEntry = doc.operator !== undefined && !this.entry;
    const family = familyOf(doc.operator?.id);
    const fits = (op) => (family && !isKnownFamily(family) ? op !== undefined : op === family); // OPR-31
    if (doc.signal_type !== 'unknown' && !PERMITTED.some(([regime, mode, signal, op, algebras]) => regime === doc.regime
      && mode === doc.mode && signal === doc.signal_type && fits(op) && algebras.includes(doc.algebra))) refuse(`${at}#/mode`);
    if ((doc.broadcast_policy != null || doc.normalised != null) && !this.isGaussian) refuse(at);
    if (doc.acts_as === 'displacement' && family !== 'rigid_body') refuse(`${at}#/acts_as`);
    if (this.entry && doc.regime !== 'discrete' && doc.algebra !== this.entry.algebra) refuse(`${at}#/algebra`);
    if (doc.sample_axis != null && doc.state_axis != null) refuse(`${at}#/sample_axis`);
    if (doc.sample_axis != null && NO_AXIS.has(doc.operator?.id)) refuse(`${at}#/sample_axis`);
    for (const key of ['sample_axis', 'state_axis']) {
      if (doc[key] != null && !deposition.axes.has(doc[key])) throw semantic('unknown-axis', `${at}#/${key}`);
    }
    if (doc.derived_from?.operator) {
      const entry = checkOperatorReference(doc.derived_from.operator, `${at}#/derived_from/operator`, deposition.warnings);
      if (entry && !MAKERS.has(doc.derived_from.operator.id)) refuse(`${at}#/derived_from/operator/id`);
      const listed = doc.derived_from.operator.id.startsWith('ensemble/'); // DRV-15
      if (entry && (doc.regime !== 'discrete' || (listed && doc.mode !== 'A'))) refuse(`${at}#/derived_from`);
    }
    this.scope = scopeLabels(deposition.hierarchy, deposition.groupings, doc.scope, at);
    this.checkReference();
  }

  checkReference() {
    const { doc, at, deposition: { hierarchy, xref, frame } } = this;
    this.rotation = undefined;
    const { reference } = doc;
    if (!reference) return;
    const offset = reference.offset ?? { kind: 'none' };
    if (offset.kind === 'none') {
      if (reference.frame !== frame) throw semantic('reference-mismatch', `${at}#/reference/frame`);
      const rows = [];
      this.scope.labels.forEach((label, row) => { if (label >= 0) rows.push(row); });
      const data = new Float64Array(rows.flatMap((row) => [...xref.subarray(3 * row, 3 * row + 3)]));
      if (reference.hash !== `sha256:${sha256(new Uint8Array(data.buffer))}`) throw semantic('reference-mismatch', `${at}#/reference/hash`);
      return;
    }
    const r = offset.kind === 'rigid' ? offset.rotation : IDENTITY;
    const square = multiply(r, transpose(r));
    const skew = square.some((row, i) => row.some((v, j) => !(Math.abs(v - IDENTITY[i][j]) <= TOLERANCE)));
    if (skew || determinant(r) < 0) throw semantic('quaternion-norm', `${at}#/reference/offset/rotation`);
    // REF-14: two steps of Newton and Schulz towards the nearest rotation, each squares the distance.
    const nearer = (m) => {
      const s = multiply(transpose(m), m);
      return multiply(m, s.map((row, i) => row.map((v, j) => (3 * IDENTITY[i][j] - v) / 2)));
    };
    this.rotation = nearer(nearer(r));
    this.back = transpose(this.rotation);
    this.shift = offset.translation;
  }

  // x_ref of an atom in the frame of the descriptor.
  local(row) {
    const { xref } = this.deposition;
    const x = [xref[3 * row], xref[3 * row + 1], xref[3 * row + 2]];
    return this.rotation ? apply(this.back, subtract(x, this.shift)) : x;
  }
  toPoint(x) { return this.rotation ? add(apply(this.rotation, x), this.shift) : x; }
  toVector(v) { return this.rotation ? apply(this.rotation, v) : v; }

  payloadKinds() {
    const { doc } = this;
    if (this.isUnknown || this.lacksEntry) return [doc.regime === 'discrete' ? 'discrete' : 'descriptor'];
    const byOperator = Object.entries(payloads).find(([, p]) => p.operators?.includes(doc.operator?.id))?.[0];
    if (doc.regime === 'discrete') return [`discrete_${doc.mode.toLowerCase()}`, ...(byOperator ? [byOperator] : [])];
    if (doc.regime === 'trajectory' && doc.mode === 'A') return ['trajectory_a'];
    return [byOperator ?? 'descriptor'];
  }

  async read() {
    const { deposition, doc, at } = this;
    const { store } = deposition;
    const [kind, ...extra] = this.payloadKinds();
    this.kind = extra[0] ?? kind;
    const axisLength = deposition.axes.get(doc.sample_axis)?.length;
    const discrete = doc.regime === 'discrete';
    if (doc.derived_from?.operator && store.children(at).length === 0) {
      this.pending = true;
      Object.assign(this, { arrays: {}, tables: {}, rows: new Int32Array(), variableSites: [], pairs: [] });
      return;
    }
    const known = { G: this.scope.count, N: deposition.hierarchy.n };
    const only = this.isUnknown || this.lacksEntry ? new Set(['states', 'variables', 'conditions']) : undefined; // DSC-53, OPR-31
    const options = { extra, only, codes: { population: 'population-range' } };
    if (discrete) {
      const { tables } = await loadPayload(store, at, 'discrete', { ...options, extra: [], shapes: new Shapes({}) });
      this.tables = tables;
      this.checkStates();
      known.S = this.pairs.length;
    }
    known.T = axisLength;
    const axes = new Set(axisLength === undefined ? [] : ['T']);
    const leading = discrete ? (doc.mode === 'C' ? 'S' : undefined) : axisLength === undefined ? undefined : 'T';
    const { arrays, tables } = await loadPayload(store, at, kind, { ...options, shapes: new Shapes(known, axes), leading });
    Object.assign(this, { arrays, tables });
    if (this.lacksEntry && !this.isUnknown && store.nodes.has(`${at}/atom_id`)) {
      const { atom_id: ids } = payloads.external.arrays;
      arrays.atom_id = await loadArray(store, at, 'atom_id', ids, true);
      if (arrays.atom_id.shape.length !== 1) throw semantic('wrong-shape', `${at}/atom_id`);
    }
    if (discrete && doc.sample_axis != null) {
      if (this.variableSites.length !== 1) throw semantic('unsupported-combination', `${at}#/sample_axis`);
      if (!arrays.labels && !doc.derived_from?.operator) throw semantic('missing-array', `${at}/labels`);
      const bad = arrays.labels?.data.findIndex((s) => !this.stateSet.has(`${this.variableSites[0]} ${s}`)) ?? -1;
      if (bad >= 0) throw semantic('unknown-state', `${at}/labels[${bad}]`);
    }
    this.checkConditions();
    this.finish();
  }

  fill({ arrays, tables }) {
    Object.assign(this, { arrays, tables });
    if (this.doc.regime === 'discrete') this.checkStates();
    this.finish();
  }

  // What one state of a site gives, in the deposition's frame.
  renderState(site, state, give, absent) {
    const v = {};
    contribute(Object.assign(Object.create(this), { variables: new Map([[site, v]]) }), { joint: new Map([[v, state]]), give, absent });
  }

  finish() {
    const { doc } = this;
    const discrete = doc.regime === 'discrete';
    if (this.isUnknown) return;
    this.resolveAtoms();
    if (this.lacksEntry) return;
    if (discrete && doc.mode === 'B') this.checkSparse();
    checkOperatorArrays(this);
  }

  checkConditions() {
    const { conditions } = this.tables;
    if (!conditions) return;
    checkOrder([conditions.condition, conditions.parent, conditions.site, conditions.state], `${this.at}/conditions`);
  }

  checkStates() {
    const { states, variables } = this.tables;
    const at = `${this.at}/states`;
    checkOrder([states.site, states.state, states.condition], at);
    const labels = new Map();
    const names = new Map();
    this.stateSet = new Set();
    this.pairs = [];
    for (let r = 0; r < states.rows; r++) {
      if (states.site[r] >= this.scope.count) throw semantic('dangling-row', `${at}/site[${r}]`);
      const key = `${states.site[r]} ${states.state[r]}`;
      const label = states.label[r];
      if (!this.stateSet.has(key)) {
        this.stateSet.add(key);
        this.pairs.push([states.site[r], states.state[r]]);
      }
      if ((labels.get(key) ?? label) !== label) throw semantic('duplicate-id', `${at}/label[${r}]`);
      labels.set(key, label);
      const name = `${states.site[r]} ${label}`;
      if ((names.get(name) ?? key) !== key) throw semantic('duplicate-id', `${at}/label[${r}]`);
      names.set(name, key);
    }
    this.pairRow = new Map(this.pairs.map(([site, state], i) => [`${site} ${state}`, i]));
    this.variableSites = [...new Set(states.site)];
    checkAscending([...variables.site], `${this.at}/variables`);
    if ([...variables.site].join() !== this.variableSites.join()) throw semantic('dangling-row', `${this.at}/variables/site`);
    const { state_axis: axis } = this.doc;
    if (axis != null) {
      if (this.variableSites.length !== 1) throw semantic('unsupported-combination', `${this.at}#/state_axis`);
      const { length } = this.deposition.axes.get(axis);
      const numbers = this.pairs.map(([, s]) => s);
      if (numbers.length !== length || numbers.some((s, i) => s !== i)) throw semantic('axis-length', `${this.at}#/state_axis`);
    }
    const { occupancy } = this.tables;
    if (occupancy) checkOrder([occupancy.atom_id, occupancy.condition], `${this.at}/occupancy`);
  }

  // Chapter 12.3: ids of the payload to rows of the hierarchy; -1 for atoms that are left out.
  resolveAtoms() {
    const { doc, at, deposition: { hierarchy } } = this;
    const kind = doc.atom_identity?.kind ?? 'exact';
    const map = this.tables.atom_map;
    if (map) {
      checkUnique([map.old], `${at}/atom_map`);
      checkUnique([map.new], `${at}/atom_map`);
    }
    if (kind === 'mapped' && !map) throw semantic('missing-array', `${at}/atom_map`);
    const renamed = kind === 'mapped' ? new Map([...map.old].map((old, i) => [old, map.new[i]])) : undefined;
    const resolveIds = (ids, where, siteOf) => Int32Array.from(ids, (id, i) => {
      const now = renamed ? renamed.get(id) : id;
      const row = now === undefined ? undefined : hierarchy.rowOf.get(now);
      if (row === undefined) {
        if (kind === 'superset') return -1;
        throw semantic('unknown-atom', `${where}[${i}]`, `atom_id ${id}`);
      }
      const label = this.scope.labels[row];
      if (label < 0 || (siteOf && siteOf(i) !== label)) throw semantic('atom-outside-scope', `${where.replace(/\/atom_id$/, '')}[${i}]`);
      return row;
    });
    const { arrays, tables } = this;
    this.rows = new Int32Array();
    if (arrays.atom_id) {
      this.rows = resolveIds(arrays.atom_id.data, `${at}/atom_id`);
      if (arrays.condition) checkOrder([arrays.atom_id.data, arrays.condition.data], `${at}/atom_id`);
      else if (!this.lacksEntry) {
        const seen = new Set();
        this.rows.forEach((row, i) => {
          if (row >= 0 && seen.has(row)) throw semantic('duplicate-id', `${at}/atom_id[${i}]`);
          seen.add(row);
        });
        const ids = arrays.atom_id.data;
        if (new Set(ids).size < ids.length) throw semantic('duplicate-id', `${at}/atom_id`);
      }
    }
    for (const name of ['deltas', 'absent']) {
      const table = tables[name];
      if (!table) continue;
      for (let i = 0; i < table.rows; i++) {
        if (!this.stateSet.has(`${table.site[i]} ${table.state[i]}`)) throw semantic('unknown-state', `${at}/${name}[${i}]`);
      }
      table.atom = resolveIds(table.atom_id, `${at}/${name}/atom_id`, (i) => table.site[i]);
    }
    if (tables.occupancy) resolveIds(tables.occupancy.atom_id, `${at}/occupancy/atom_id`);
  }

  checkSparse() {
    const { deltas, absent } = this.tables;
    this.moves = new Map();
    this.lacks = new Map();
    const put = (map, table, i, value) => {
      const key = `${table.site[i]} ${table.state[i]}`;
      if (!map.has(key)) map.set(key, []);
      map.get(key).push(value);
    };
    const triples = new Set();
    if (deltas) {
      checkOrder([deltas.site, deltas.state, deltas.atom_id], `${this.at}/deltas`);
      for (let i = 0; i < deltas.rows; i++) {
        const v = [deltas.dx[i], deltas.dy[i], deltas.dz[i]];
        if (v.every((c) => c === 0)) throw semantic('zero-row', `${this.at}/deltas[${i}]`);
        triples.add(`${deltas.site[i]} ${deltas.state[i]} ${deltas.atom_id[i]}`);
        if (deltas.atom[i] >= 0) put(this.moves, deltas, i, [deltas.atom[i], v]);
      }
    }
    if (absent) {
      checkOrder([absent.site, absent.state, absent.atom_id], `${this.at}/absent`);
      for (let i = 0; i < absent.rows; i++) {
        if (triples.has(`${absent.site[i]} ${absent.state[i]} ${absent.atom_id[i]}`)) throw semantic('duplicate-row', `${this.at}/absent[${i}]`);
        if (absent.atom[i] >= 0) put(this.lacks, absent, i, absent.atom[i]);
      }
    }
  }

  // OPR-1: what an unknown operator contributes to is refused, and only that.
  refuseUnknown() {
    if (this.lacksEntry) throw operatorError('unknown-operator', `${this.at}#/operator/id`);
  }

  // Rows of the atoms that the descriptor covers (4.3).
  *covered() {
    const seen = new Set();
    if (BY_LABEL.has(this.kind) || (this.lacksEntry && !this.arrays.atom_id)) {
      for (let row = 0; row < this.scope.labels.length; row++) {
        const label = this.scope.labels[row];
        if (label >= 0 && (this.doc.regime !== 'discrete' || this.variableSites.includes(label))) yield row;
      }
      return;
    }
    const rows = this.doc.regime === 'discrete' && this.doc.mode === 'B'
      ? [...(this.tables.deltas?.atom ?? []), ...(this.tables.absent?.atom ?? [])] : this.rows;
    const sites = this.doc.regime === 'discrete' ? new Set(this.variableSites) : undefined;
    for (const row of rows) {
      if (row < 0 || seen.has(row) || (sites && !sites.has(this.scope.labels[row]))) continue;
      seen.add(row);
      yield row;
    }
  }
}
