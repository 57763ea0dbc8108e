// What never varies (chapters 2, 3, 11 and 12): hierarchy, reference coordinates, groupings and axes.
import { schema as schemaError, semantic } from './errors.mjs';
import { Hierarchy } from './hierarchy.mjs';
import { checkUnique, checkVocabularies, loadPayload, Shapes } from './payload.mjs';
import { payloads } from './schema.mjs';

const TOLERANCE = 1e-6;

export async function readHierarchy(deposition) {
  const { store } = deposition;
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
  deposition.hierarchy = new Hierarchy(groups);
  const lastRow = (operators, path) => {
    for (let k = 0; k < operators.shape[0]; k++) {
      const row = [...operators.data.slice(k * 16 + 12, k * 16 + 16)];
      if (row.join() !== '0,0,0,1') throw semantic('out-of-range', `${path}/operators[${k}]`);
    }
  };
  for (const name of deposition.groups('hierarchy/assemblies')) {
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
  const { cell = {} } = store.group('hierarchy')?.payload ?? {};
  for (const name of ['a', 'b', 'c']) if (cell[name] > 1e9) throw semantic('out-of-range', `hierarchy#/cell/${name}`); // STO-60
  if (store.group('hierarchy/ncs')) {
    const { arrays } = await loadPayload(store, 'hierarchy/ncs', 'ncs');
    lastRow(arrays.operators, 'hierarchy/ncs');
    const { given } = store.group('hierarchy/ncs').payload;
    if (given.length !== arrays.operators.shape[0]) throw semantic('wrong-shape', 'hierarchy/ncs#/given'); // [HIE-23]
  }
  const { arrays } = await loadPayload(store, 'reference', 'reference', { shapes: new Shapes({ N: ids.length }) });
  deposition.xref = Float64Array.from(arrays.x_ref.data);
  deposition.frame = store.group('reference').payload.frame ?? 'deposition';
}

export async function readGroupings(deposition) {
  deposition.groupings = new Map();
  const { store, hierarchy } = deposition;
  for (const ns of deposition.groups('groupings')) {
    for (const version of deposition.groups(`groupings/${ns}`)) {
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
      deposition.groupings.set(name, { payload, arrays, count });
    }
  }
}

export async function readAxes(deposition) {
  deposition.axes = new Map();
  for (const name of deposition.groups('axes')) {
    const path = `axes/${name}`;
    const payload = deposition.store.group(path)?.payload ?? {};
    const { arrays } = await loadPayload(deposition.store, path, 'axis', { shapes: new Shapes({ n: payload.length }) });
    const total = arrays.population?.data.reduce((sum, p) => sum + p, 0) ?? 0;
    if (total > 1 + TOLERANCE) throw semantic('population-sum', `${path}/population`); // [AXI-24]
    deposition.axes.set(name, { name, length: payload.length, payload, arrays });
  }
}
