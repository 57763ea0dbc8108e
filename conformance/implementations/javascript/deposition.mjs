// Opening a deposition: everything is read and judged before any question is answered (ADA-4).
import { isPickle } from './artifact.mjs';
import { container, operator as operatorError, schema as schemaError, semantic } from './errors.mjs';
import { digestPartial, sha256 } from './digest.mjs';
import { Hierarchy, scopeLabels } from './hierarchy.mjs';
import { add, apply, determinant, IDENTITY, multiply, subtract, transpose } from './linear.mjs';
import { checkOrder, checkUnique, checkVocabularies, loadPayload, Shapes } from './payload.mjs';
import { registry } from './registry.mjs';
import { checkPayload, payloads, unknownKeys } from './schema.mjs';
import { ALWAYS, ScopeDag } from './scope-dag.mjs';
import { openStore } from './store.mjs';
import { contribute } from './displacement.mjs';
import { tlsUnscaled } from './gaussian.mjs';
import { nearest, weightedMean } from './operators.mjs';

const ID = /^[a-z0-9][a-z0-9_.-]{0,63}$/;
const LAYERS = new Set(['hierarchy', 'reference', 'groupings', 'axes', 'descriptors', 'operators', 'landmarks', 'provenance', 'annotations']);
const ALGEBRAS = new Set(['independent', 'nested_under', 'additive_covariance', 'additive_displacement']);
const TOLERANCE = 1e-6;

// [DSC-3] a key of the document that is null is absent; within its objects null is a value
const stripNull = (document) => Object.fromEntries(Object.entries(document).filter(([, v]) => v !== null));
// [DSC-20], [MEAN-22] rows under ascending numbers, each once
const checkAscending = (numbers, at) => {
  if (new Set(numbers).size !== numbers.length) throw semantic('duplicate-row', at);
  if (numbers.some((n, i) => i && n < numbers[i - 1])) throw semantic('unsorted-rows', at);
};

export class Deposition {
  static async open(path, { strict = false, regenerate = false } = {}) {
    const d = new Deposition();
    d.path = path;
    d.store = await openStore(path);
    d.warnings = [];
    d.checkVersion();
    d.checkLayers();
    d.checkDocuments();
    await d.readEverything();
    await d.readHierarchy();
    await d.readGroupings();
    await d.readAxes();
    await d.readLandmarks();
    await d.readDescriptors();
    d.checkDerivedCycles();
    for (const x of d.descriptors.values()) d.complete(x);
    for (const x of d.descriptors.values()) d.checkUseOfConditions(x);
    d.dag = new ScopeDag(d.descriptors);
    d.dag.checkOverlaps();
    for (const x of d.descriptors.values()) d.checkDiscreteDag(x);
    d.checkTogether();
    await d.readOperators();
    await d.checkStale(strict);
    if (regenerate) d.checkDerived();
    return d;
  }

  checkVersion() {
    const version = this.store.payload.format_version;
    if (typeof version !== 'string' || version.split('.')[0] !== '0') throw container('unsupported-version', '#/format_version');
  }

  checkLayers() {
    const { store } = this;
    for (const name of new Set([...store.children(''), ...store.files.folders])) {
      if (!LAYERS.has(name) && !name.startsWith('.')) throw schemaError('unknown-layer', name);
    }
    for (const path of ['hierarchy', 'hierarchy/atoms', 'hierarchy/residues', 'hierarchy/chains', 'hierarchy/entities', 'reference']) {
      if (!store.group(path)) throw schemaError('missing-layer', path);
    }
    const ids = (path) => {
      for (const name of store.children(path)) if (!ID.test(name)) throw schemaError('schema-violation', `${path}/${name}`);
    };
    ['axes', 'descriptors', 'operators', 'provenance', 'annotations', 'groupings', 'landmarks', 'hierarchy/assemblies'].forEach(ids);
    for (const name of store.children('groupings')) {
      for (const version of store.children(`groupings/${name}`)) {
        if (!/^v[1-9][0-9]*$/.test(version)) throw schemaError('schema-violation', `groupings/${name}/${version}`);
      }
    }
  }

  *documents() {
    const { store } = this;
    yield ['deposition', ''];
    yield ['hierarchy', 'hierarchy'];
    for (const name of ['atoms', 'residues', 'chains', 'entities']) yield [name, `hierarchy/${name}`];
    for (const name of ['bonds', 'ncs']) if (store.group(`hierarchy/${name}`)) yield [name, `hierarchy/${name}`];
    for (const name of store.children('hierarchy/assemblies')) yield ['assembly', `hierarchy/assemblies/${name}`];
    yield ['reference', 'reference'];
    for (const ns of store.children('groupings')) {
      for (const v of store.children(`groupings/${ns}`)) yield ['grouping', `groupings/${ns}/${v}`];
    }
    const folders = { axes: 'axis', descriptors: 'descriptor', operators: 'operator_body', landmarks: 'landmarks', provenance: 'provenance', annotations: 'annotation' };
    for (const [folder, kind] of Object.entries(folders)) {
      for (const name of store.children(folder)) yield [kind, `${folder}/${name}`];
    }
  }

  checkDocuments() {
    for (const [kind, path] of this.documents()) {
      const node = this.store.nodes.get(path);
      if (node && node.kind !== 'group') continue; // an array where a group is due: not defined there
      const payload = kind === 'descriptor' ? stripNull(node?.payload ?? {}) : node?.payload ?? {};
      if (kind === 'descriptor' && payload.algebra !== undefined && !ALGEBRAS.has(payload.algebra)) {
        throw schemaError('unknown-algebra', `${path}#/algebra`);
      }
      checkPayload(kind, payload, path);
      this.warnings.push(...unknownKeys(kind, payload, path));
    }
  }

  groups(folder) {
    return this.store.children(folder).filter((name) => this.store.nodes.get(`${folder}/${name}`)?.kind !== 'array');
  }

  async readEverything() {
    for (const [path, node] of this.store.nodes) {
      if (node.kind !== 'group') await this.store.array(path);
    }
  }

  async readHierarchy() {
    const { store } = this;
    const groups = {};
    for (const name of ['atoms', 'residues', 'chains', 'entities', 'bonds']) {
      const path = `hierarchy/${name}`;
      if (name === 'bonds' && !store.group(path)) continue;
      const { arrays } = await loadPayload(store, path, name);
      checkVocabularies(payloads[name], store.group(path).payload, arrays, path);
      groups[name] = arrays;
    }
    const rows = (name) => Object.values(groups[name])[0].data.length;
    const within = (name, column, target, none = 0) => {
      const bad = groups[name][column].data.findIndex((v) => v < -none || v >= target);
      if (bad >= 0) throw semantic('dangling-row', `hierarchy/${name}/${column}[${bad}]`);
    };
    const ids = groups.atoms.atom_id.data;
    const seen = new Set();
    ids.forEach((id, i) => {
      if (seen.has(id)) throw semantic('duplicate-id', `hierarchy/atoms/atom_id[${i}]`);
      seen.add(id);
    });
    for (let i = 1; i < ids.length; i++) if (ids[i] < ids[i - 1]) throw semantic('unsorted-rows', `hierarchy/atoms/atom_id[${i}]`);
    within('atoms', 'residue', rows('residues'));
    within('residues', 'chain', rows('chains'));
    within('chains', 'entity', rows('entities'), 1);
    if (groups.bonds) {
      within('bonds', 'atom_a', ids.length);
      within('bonds', 'atom_b', ids.length);
      checkUnique([groups.bonds.atom_a.data, groups.bonds.atom_b.data], 'hierarchy/bonds');
      const turned = groups.bonds.atom_a.data.findIndex((a, i) => a >= groups.bonds.atom_b.data[i]);
      if (turned >= 0) throw semantic('unsorted-rows', `hierarchy/bonds[${turned}]`); // [HIE-21]
    }
    const keys = new Set();
    groups.atoms.draw_key?.data.forEach((key, i) => {
      if (keys.has(key)) throw semantic('duplicate-draw-key', `hierarchy/atoms/draw_key[${i}]`);
      keys.add(key);
    });
    this.hierarchy = new Hierarchy(groups);
    const lastRow = (operators, path) => {
      for (let k = 0; k < operators.shape[0]; k++) {
        const row = [...operators.data.slice(k * 16 + 12, k * 16 + 16)];
        if (row.join() !== '0,0,0,1') throw semantic('out-of-range', `${path}/operators[${k}]`);
      }
    };
    for (const name of this.groups('hierarchy/assemblies')) {
      const path = `hierarchy/assemblies/${name}`;
      const { arrays } = await loadPayload(store, path, 'assembly');
      lastRow(arrays.operators, path);
      for (const [column, count] of [['operator', arrays.operators.shape[0]], ['chain', rows('chains')]]) {
        const bad = arrays[column].data.findIndex((v) => v < 0 || v >= count);
        if (bad >= 0) throw semantic('dangling-row', `${path}/${column}[${bad}]`);
      }
      const pairs = [...arrays.operator.data].map((k, i) => `${k} ${arrays.chain.data[i]}`);
      if (new Set(pairs).size !== pairs.length) throw semantic('duplicate-row', path); // [HIE-20]
    }
    if (store.group('hierarchy/ncs')) {
      const { arrays } = await loadPayload(store, 'hierarchy/ncs', 'ncs');
      lastRow(arrays.operators, 'hierarchy/ncs');
    }
    const { arrays } = await loadPayload(store, 'reference', 'reference', { shapes: new Shapes({ N: ids.length }) });
    this.xref = Float64Array.from(arrays.x_ref.data);
    this.frame = store.group('reference').payload.frame ?? 'deposition';
  }

  async readGroupings() {
    this.groupings = new Map();
    const { store, hierarchy } = this;
    for (const ns of this.groups('groupings')) {
      for (const version of this.groups(`groupings/${ns}`)) {
        const name = `${ns}/${version}`;
        const path = `groupings/${name}`;
        const payload = store.group(path)?.payload ?? {};
        const hasLabel = store.nodes.has(`${path}/label`);
        if ((payload.labels != null) === hasLabel) throw schemaError('schema-violation', path);
        const { arrays } = await loadPayload(store, path, 'grouping');
        const { child, parent, weight, label } = arrays;
        const children = hierarchy.size(payload.child_level);
        const count = label ? label.data.length : payload.labels.length;
        const check = (array, column, limit) => {
          const bad = array.data.findIndex((v) => v < 0 || v >= limit);
          if (bad >= 0) throw semantic('dangling-row', `${path}/${column}[${bad}]`);
        };
        if (label) {
          if (payload.label_level == null) throw schemaError('schema-violation', `${path}#/label_level`);
          check(label, 'label', hierarchy.size(payload.label_level));
        }
        check(child, 'child', children);
        check(parent, 'parent', count);
        if (new Set(label ? label.data : payload.labels).size < count) throw semantic('duplicate-id', `${path}#/labels`);
        checkUnique([child.data, parent.data], path);
        if (['partition', 'heterogeneity_scope'].includes(payload.kind) && new Set(child.data).size < child.data.length) {
          throw semantic('not-a-partition', `${path}/child`);
        }
        for (let e = 1; e < child.data.length; e++) {
          if ((child.data[e - 1] - child.data[e] || parent.data[e - 1] - parent.data[e]) > 0) throw semantic('unsorted-rows', `${path}/child[${e}]`);
        }
        if (payload.kind === 'coarse_grain') {
          if (!weight) throw semantic('missing-array', `${path}/weight`);
          if (payload.child_level !== 'atom') throw semantic('unsupported-combination', `${path}#/child_level`);
        }
        this.groupings.set(name, { payload, arrays, count });
      }
    }
  }

  async readAxes() {
    this.axes = new Map();
    for (const name of this.groups('axes')) {
      const path = `axes/${name}`;
      const payload = this.store.group(path)?.payload ?? {};
      const { arrays } = await loadPayload(this.store, path, 'axis', { shapes: new Shapes({ n: payload.length }) });
      this.axes.set(name, { name, length: payload.length, payload, arrays });
    }
  }

  async readDescriptors() {
    this.descriptors = new Map();
    for (const id of this.groups('descriptors')) {
      const d = new Descriptor(this, id);
      d.checkDocument();
      await d.read();
      this.descriptors.set(id, d);
    }
  }

  checkDerivedCycles() {
    const state = new Map();
    const visit = (d) => {
      if (state.get(d.id) === 'done') return;
      if (state.get(d.id) === 'open') throw semantic('derived-cycle', `descriptors/${d.id}#/derived_from`);
      state.set(d.id, 'open');
      for (const { path } of d.doc.derived_from?.inputs ?? []) {
        const [layer, id] = path.split('/');
        if (layer === 'descriptors' && this.descriptors.has(id)) visit(this.descriptors.get(id));
      }
      state.set(d.id, 'done');
    };
    for (const d of this.descriptors.values()) visit(d);
  }

  // Before the DAG is made, since it follows these numbers.
  checkUseOfConditions(d) {
    const used = [];
    const note = (data, where) => data?.forEach((c, i) => used.push([c, `${where}[${i}]`]));
    note(d.tables.states?.condition, `${d.at}/states/condition`);
    note(d.tables.occupancy?.condition, `${d.at}/occupancy/condition`);
    note(d.arrays.condition?.data, `${d.at}/condition`);
    used.push([d.activeWhen, `${d.at}#/active_when`]);
    for (const [c, where] of used) if (c !== ALWAYS && !d.hasCondition(c)) throw semantic('dangling-row', where);
  }

  checkDiscreteDag(d) {
    if (d.doc.regime !== 'discrete') return;
    const used = new Set([...d.tables.states.condition, d.activeWhen].filter((c) => c !== ALWAYS));
    if (d.doc.algebra === 'independent') {
      for (const c of used) {
        for (const v of d.conditions.get(c).keys()) if (v.descriptor !== d) throw semantic('unsupported-combination', `${d.at}/conditions`);
      }
    }
    const content = (c) => (c === ALWAYS ? '' : [...d.conditions.get(c)].map(([v, s]) => `${v.key}=${[...s].sort((a, b) => a - b)}`).sort().join(';'));
    for (const v of d.variables.values()) {
      const sums = new Map();
      for (const s of v.states) for (const r of s.rows) sums.set(content(r.condition), (sums.get(content(r.condition)) ?? 0) + r.population);
      const always = sums.get('') ?? 0;
      for (const [c, sum] of sums) {
        if (sum + (c === '' ? 0 : always) > 1 + TOLERANCE) throw semantic('population-sum', `${d.at}/states/population[${v.states[0].first}]`);
      }
    }
  }

  // OPR-24, OPR-25
  checkLandmarks() {
    for (const [name, { payload, arrays }] of this.landmarks) {
      const d = this.descriptors.get(payload.descriptor);
      const variable = { basis: 'coefficients', neural_decoder: 'latent' }[FAMILY(d?.doc.operator?.id)];
      if (payload.descriptor !== name || !variable) throw semantic('unsupported-combination', `landmarks/${name}#/descriptor`);
      if (payload.variable !== variable) throw semantic('unsupported-combination', `landmarks/${name}#/variable`);
      const [points, width] = arrays.point.shape;
      if (!points || (d.components !== undefined && width !== d.components)) throw semantic('wrong-shape', `landmarks/${name}/point`);
    }
  }

  checkTogether() {
    const { descriptors, hierarchy } = this;
    const all = [...descriptors.values()];
    this.checkLandmarks();
    const keys = new Set();
    for (const d of all) {
      for (const name of ['variables', 'latents']) {
        if (name === 'latents' && d.isUnknown) continue;
        d.tables[name]?.draw_key.forEach((key, i) => {
          if (keys.has(key)) throw semantic('duplicate-draw-key', `${d.at}/${name}/draw_key[${i}]`);
          keys.add(key);
        });
      }
    }
    const stateAxes = new Map();
    for (const d of all) {
      if (!d.doc.state_axis) continue;
      if (stateAxes.has(d.doc.state_axis)) throw semantic('unsupported-combination', `${d.at}#/state_axis`);
      stateAxes.set(d.doc.state_axis, d);
    }
    for (const d of all) {
      if (d.doc.regime === 'discrete' && stateAxes.has(d.doc.sample_axis)) throw semantic('unsupported-combination', `${d.at}#/sample_axis`);
    }
    // MEAN-5
    const owner = new Array(hierarchy.n);
    for (const d of all.filter((x) => x.isAbsolute && x.alwaysActive)) {
      for (const row of d.covered()) {
        if (owner[row]) throw semantic('absolute-conflict', owner[row].at);
        owner[row] = d;
      }
    }
    // ADP-7, ADP-8, PRV-2
    const gaussian = all.filter((d) => d.isGaussian);
    const levels = new Int32Array(hierarchy.n);
    for (const d of gaussian) for (const row of d.covered()) levels[row]++;
    for (const d of gaussian) {
      const shared = [...d.covered()].some((row) => levels[row] > 1);
      if (!shared) continue;
      if (d.doc.adp_content === 'total') throw semantic('adp-counted-twice', `${d.at}#/adp_content`);
      if (d.doc.adp_content === 'unknown') this.warnings.push({ stage: 'semantic', code: 'adp-counted-twice', where: `${d.at}#/adp_content` });
    }
    for (const d of all) {
      if (d.doc.provenance != null && !this.groups('provenance').includes(d.doc.provenance)) throw semantic('missing-provenance', `${d.at}#/provenance`);
      if (d.doc.signal_type === 'unknown') this.warnings.push({ stage: 'semantic', code: 'unknown-signal', where: `${d.at}#/signal_type` });
    }
    if (new Set(gaussian.map((d) => d.doc.scope.grouping ?? ` ${d.doc.scope.level}`)).size > 1) {
      for (const d of gaussian) if (d.doc.provenance == null) throw semantic('missing-provenance', `${d.at}#/provenance`);
    }
    // MEAN-19
    const transforms = all.filter((d) => d.isTransform);
    for (const d of transforms) {
      d.groupSize = new Map();
      for (const label of d.scope.labels) d.groupSize.set(label, (d.groupSize.get(label) ?? 0) + 1);
    }
    transforms.forEach((a, i) => transforms.slice(0, i).forEach((b) => {
      const shared = new Map();
      for (let row = 0; row < hierarchy.n; row++) {
        const [la, lb] = [a.scope.labels[row], b.scope.labels[row]];
        if (la < 0 || lb < 0) continue;
        const key = `${la} ${lb}`;
        shared.set(key, (shared.get(key) ?? 0) + 1);
      }
      for (const [key, count] of shared) {
        const [la, lb] = key.split(' ').map(Number);
        if (count !== a.groupSize.get(la) && count !== b.groupSize.get(lb)) throw semantic('scope-overlap', b.at);
      }
    }));
  }

  async readOperators() {
    const bodies = new Set();
    for (const id of this.groups('operators')) {
      const at = `operators/${id}`;
      const { arrays } = await loadPayload(this.store, at, 'operator_body');
      const bytes = arrays.body.data;
      if (await isPickle(bytes)) throw operatorError('pickle-refused', `${at}/body`);
      if (sha256(bytes) !== this.store.group(at).payload.sha256) throw operatorError('hash-mismatch', `${at}/body`);
      bodies.add(at);
    }
    for (const d of this.descriptors.values()) {
      const { operator: op } = d.doc;
      if (op?.venue === 'inline' && !bodies.has(op.uri)) throw operatorError('missing-artifact', `${d.at}#/operator/uri`);
      if (d.doc.artifact) checkUri(d.doc.artifact.uri, `${d.at}#/artifact/uri`);
      if (op?.venue === 'external') checkUri(op.uri, `${d.at}#/operator/uri`);
    }
  }

  async readLandmarks() {
    this.landmarks = new Map();
    for (const name of this.groups('landmarks')) {
      const at = `landmarks/${name}`;
      const { payload } = this.store.group(at);
      const { arrays } = await loadPayload(this.store, at, 'landmarks');
      if (payload.labels.length !== arrays.point.shape[0]) throw semantic('wrong-shape', `${at}#/labels`);
      checkOperatorReference(payload.assignment, `${at}#/assignment`);
      if (FAMILY(payload.assignment.id) !== 'assignment') throw semantic('unsupported-combination', `${at}#/assignment/id`);
      this.landmarks.set(name, { payload, arrays });
    }
  }

  async checkStale(strict) {
    for (const d of this.descriptors.values()) {
      for (const { path, hash } of d.doc.derived_from?.inputs ?? []) {
        if (`sha256:${await digestPartial(this.store, path)}` === hash) continue;
        if (strict) throw semantic('stale', d.at);
        this.warnings.push({ stage: 'semantic', code: 'stale', where: d.at });
        break;
      }
    }
  }

  // DRV-3: arrays and tables that are computed because they are not stored.
  complete(d) {
    const op = d.doc.derived_from?.operator;
    if (!op || d.completed) return;
    d.completed = true;
    for (const { path } of d.doc.derived_from.inputs) {
      const input = this.descriptors.get(path.split('/')[1]);
      if (path.startsWith('descriptors/') && input) this.complete(input);
    }
    if (!d.pending && (d.arrays.labels || d.doc.sample_axis == null)) return;
    const made = this.derive(d);
    if (!made) throw semantic('missing-array', d.at);
    if (d.pending) d.fill(made);
    else d.arrays.labels = made.arrays.labels;
  }

  // DRV-5.
  checkDerived() {
    for (const d of this.descriptors.values()) {
      if (!d.doc.derived_from?.operator || d.pending) continue;
      const made = this.derive(d);
      for (const [name, array] of Object.entries(made?.arrays ?? {})) {
        const stored = d.arrays[name];
        if (!stored || name === 'atom_id') continue;
        // Atoms may be stored in any order.
        let from = (i) => i;
        if (made.arrays.atom_id) {
          const at = new Map([...d.arrays.atom_id.data].map((id, m) => [id, m]));
          const width = array.data.length / made.arrays.atom_id.data.length;
          from = (i) => width * (at.get(made.arrays.atom_id.data[Math.floor(i / width)]) ?? NaN) + (i % width);
        }
        const whole = !array.dtype.startsWith('float');
        array.data.forEach((v, i) => {
          if (!(Math.abs(stored.data[from(i)] - v) <= (whole ? 0 : 1e-9 * Math.max(1, Math.abs(v))))) {
            throw semantic('derived-mismatch', `${d.at}/${name}`);
          }
        });
        if (stored.data.length !== array.data.length) throw semantic('derived-mismatch', `${d.at}/${name}`);
      }
    }
  }

  derive(d) {
    const { operator: op, inputs } = d.doc.derived_from;
    const unknown = inputs.find(({ path: p }) => p.startsWith('descriptors/') && this.descriptors.get(p.slice(12))?.isUnknown);
    if (unknown) throw semantic('unsupported-combination', `${d.at}#/derived_from/inputs`);
    const source = inputs.map(({ path }) => path.split('/')).find(([layer]) => layer === 'descriptors')?.[1];
    const of = this.descriptors.get(source);
    if (!of) return undefined;
    const nan = (n) => new Float64Array(n).fill(NaN);
    const states = (site, labels, population) => ({
      rows: labels.length, site: new Int32Array(labels.length).fill(site), state: Int32Array.from(labels, (_, i) => i), label: labels,
      condition: new Int32Array(labels.length).fill(ALWAYS), population: Float64Array.from(population), deposited: nan(labels.length),
      source: labels.map(() => 'unknown'),
    });
    const variables = (site) => ({ rows: 1, site: Int32Array.of(site), draw_key: Uint32Array.of(d.pending ? this.freeDrawKey() : 0) });
    if (op.id === 'assignment/nearest_landmark_v1') {
      const marks = this.landmarks.get(source);
      const value = of.arrays[marks?.payload.variable];
      if (value?.shape.length !== 2 || value.shape[1] !== marks.arrays.point.shape[1]) return undefined;
      const { landmark } = nearest({ value, point: marks.arrays.point });
      const { labels } = marks.payload;
      const steps = landmark.data.length;
      const population = labels.map((_, l) => landmark.data.filter((x) => x === l).length / steps);
      return { arrays: { labels: landmark }, tables: { states: states(0, labels, population), variables: variables(0) } };
    }
    if (op.id === 'ensemble/occupancy_weighted_mean_v1' && of.doc.regime === 'discrete') {
      if (of.variableSites.length !== 1 || of.tables.states.condition.some((c) => c !== ALWAYS)) {
        throw semantic('unsupported-combination', `${d.at}#/derived_from/inputs`);
      }
      const [site] = of.variableSites;
      const rows = [...of.covered()].sort((a, b) => a - b);
      const count = of.pairs.length;
      const xyz = new Float64Array(count * rows.length * 3);
      const present = new Uint8Array(count * rows.length).fill(1);
      const population = of.pairs.map(([, state]) => of.tables.states.population[of.tables.states.state.indexOf(state)]);
      const place = new Map(rows.map((row, m) => [row, m]));
      of.pairs.forEach(([, state], s) => {
        rows.forEach((row, m) => xyz.set(this.xref.subarray(3 * row, 3 * row + 3), 3 * (s * rows.length + m)));
        of.renderState(site, state, (row, v, absolute) => {
          const o = 3 * (s * rows.length + place.get(row));
          for (let c = 0; c < 3; c++) xyz[o + c] = absolute ? v[c] : xyz[o + c] + v[c];
        }, (row) => { present[s * rows.length + place.get(row)] = 0; });
      });
      const mean = weightedMean({
        xyz: { data: xyz, shape: [count, rows.length, 3] }, population: { data: population }, present: { data: present },
      });
      const { data } = mean.xyz;
      const there = new Uint8Array(rows.length).fill(1);
      rows.forEach((row, m) => {
        if (!Number.isNaN(data[3 * m])) return;
        data.set(this.xref.subarray(3 * row, 3 * row + 3), 3 * m);
        there[m] = 0;
      });
      const { atom_id: ids } = this.hierarchy.atoms;
      return {
        arrays: {
          atom_id: { data: Uint32Array.from(rows, (row) => ids.data[row]), shape: [rows.length], dtype: 'uint32' },
          xyz: { data, shape: [1, rows.length, 3], dtype: 'float64' },
          present: { data: there, shape: [1, rows.length], dtype: 'uint8' },
        },
        tables: { states: states(site, ['mean'], [1]), variables: variables(site) },
      };
    }
    return undefined;
  }

  // The largest draw key that no variable or latent component has.
  freeDrawKey() {
    const used = new Set([...this.descriptors.values()].flatMap((d) => ['variables', 'latents'].flatMap((name) => [...(d.tables[name]?.draw_key ?? [])])));
    let key = 4294967295;
    while (used.has(key)) key--;
    return key;
  }
}

function checkUri(uri, where) {
  let path;
  try {
    path = decodeURIComponent(uri.replace(/^file:/, ''));
  } catch {
    throw operatorError('uri-not-allowed', where);
  }
  if (!uri.startsWith('file:') || path.startsWith('/') || path.split(/[/\\]/).includes('..')) throw operatorError('uri-not-allowed', where);
}

function checkOperatorReference(op, where) {
  const entry = registry.get(op.id);
  if (!entry) throw operatorError('unknown-operator', `${where}/id`);
  if (op.hash !== entry.hash) throw operatorError('hash-mismatch', `${where}/hash`);
  if (op.venue !== 'registry' && !entry.signature.body) throw semantic('unsupported-combination', `${where}/venue`);
  const rules = new Map(entry.signature.parameters.filter((p) => !p.taken_from).map((p) => [p.name, p]));
  const fits = {
    number: (v) => typeof v === 'number', integer: Number.isInteger, text: (v) => typeof v === 'string',
    boolean: (v) => typeof v === 'boolean', list: Array.isArray, object: (v) => v !== null && typeof v === 'object' && !Array.isArray(v),
  };
  for (const [name, value] of Object.entries(op.parameters ?? {})) {
    const rule = rules.get(name);
    if (!rule || !fits[rule.type](value) || (rule.allowed && !rule.allowed.includes(value))) {
      throw schemaError('schema-violation', `${where}/parameters/${name}`);
    }
  }
  return entry;
}

const FAMILY = (id) => id?.split('/')[0];
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
    this.doc = stripNull(deposition.store.group(this.at)?.payload ?? {});
    this.activeWhen = this.doc.active_when ?? ALWAYS;
  }
  get isUnknown() { return this.doc.signal_type === 'unknown'; }
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
    if (doc.operator) this.entry = checkOperatorReference(doc.operator, `${at}#/operator`);
    const family = FAMILY(doc.operator?.id);
    if (doc.signal_type !== 'unknown' && !PERMITTED.some(([regime, mode, signal, op, algebras]) => regime === doc.regime
      && mode === doc.mode && signal === doc.signal_type && op === family && algebras.includes(doc.algebra))) refuse(`${at}#/mode`);
    if ((doc.broadcast_policy != null || doc.normalised != null) && !this.isGaussian) refuse(at);
    if (doc.acts_as === 'displacement' && family !== 'rigid_body') refuse(`${at}#/acts_as`);
    if (this.entry && doc.regime !== 'discrete' && doc.algebra !== this.entry.algebra) refuse(`${at}#/algebra`);
    if (doc.sample_axis != null && doc.state_axis != null) refuse(`${at}#/sample_axis`);
    if (doc.sample_axis != null && NO_AXIS.has(doc.operator?.id)) refuse(`${at}#/sample_axis`);
    for (const key of ['sample_axis', 'state_axis']) {
      if (doc[key] != null && !deposition.axes.has(doc[key])) throw semantic('unknown-axis', `${at}#/${key}`);
    }
    if (doc.derived_from?.operator) {
      checkOperatorReference(doc.derived_from.operator, `${at}#/derived_from/operator`);
      if (!MAKERS.has(doc.derived_from.operator.id)) refuse(`${at}#/derived_from/operator/id`);
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
    if (this.isUnknown) return [doc.regime === 'discrete' ? 'discrete' : 'descriptor'];
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
    const only = this.isUnknown ? new Set(['states', 'variables', 'conditions']) : undefined; // DSC-53
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
    if (discrete && doc.mode === 'B') this.checkSparse();
    this.checkOperatorArrays();
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
      else {
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

  checkOperatorArrays() {
    const { arrays, tables, at, doc } = this;
    if (arrays.quaternion) {
      const q = arrays.quaternion.data;
      for (let g = 0; g < q.length / 4; g++) {
        if (!(Math.abs(Math.hypot(...q.subarray(4 * g, 4 * g + 4)) - 1) <= TOLERANCE)) throw semantic('quaternion-norm', `${at}/quaternion[${g}]`);
      }
    }
    if (arrays.tls && doc.normalised !== false) this.checkTls();
    const stored = { basis: 'coefficients', decoder: 'latent', mlp: 'latent' }[this.kind];
    if (stored) {
      if (!arrays[stored] && !tables.latents && doc.signal_type !== 'unknown') throw semantic('missing-array', `${at}/${stored}`);
      const widths = [arrays.basis?.shape[0], arrays.w0?.shape[1], arrays[stored]?.shape.at(-1), tables.latents?.rows].filter((n) => n !== undefined);
      if (tables.latents) {
        checkAscending([...tables.latents.component], `${at}/latents`);
        const bad = tables.latents.component.findIndex((c, i) => c !== i);
        if (bad >= 0) throw semantic('dangling-row', `${at}/latents/component[${bad}]`);
        if (widths[0] !== tables.latents.rows) throw semantic('dangling-row', `${at}/latents`);
      }
      if (new Set(widths).size > 1) throw semantic('wrong-shape', `${at}/${stored}`);
      this.components = widths[0];
    }
    if (this.kind === 'mlp') {
      this.layers = [];
      for (let n = 0; arrays[`w${n}`]; n++) this.layers.push([arrays[`w${n}`], arrays[`b${n}`]]);
      if (this.layers.at(-1)[1].shape[0] !== 3 * arrays.atom_id.shape[0]) throw semantic('wrong-shape', `${at}/w${this.layers.length - 1}`);
    }
  }

  checkTls() {
    const { data } = this.arrays.tls;
    const sets = data.length / 24 / this.scope.count;
    for (let step = 0; step < sets; step++) {
      const sums = new Float64Array(this.scope.count);
      const counts = new Int32Array(this.scope.count);
      this.scope.labels.forEach((g, row) => {
        if (g < 0) return;
        const u = tlsUnscaled(data, 24 * (step * this.scope.count + g), this.local(row));
        sums[g] += u[0] + u[1] + u[2];
        counts[g]++;
      });
      for (let g = 0; g < this.scope.count; g++) {
        const o = 24 * (step * this.scope.count + g);
        const bad = data[o + 20] === 0 ? data.subarray(o, o + 20).some((v) => v !== 0)
          : counts[g] > 0 && !(Math.abs(sums[g] / counts[g] / 3 - 1) <= TOLERANCE);
        if (bad) throw semantic('tls-not-normalised', `${this.at}/tls[${g}]`);
      }
    }
  }

  // Rows of the atoms that the descriptor covers (4.3).
  *covered() {
    const seen = new Set();
    if (BY_LABEL.has(this.kind)) {
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
