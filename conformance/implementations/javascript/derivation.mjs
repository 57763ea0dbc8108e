// Chapter 13: descriptors that are derived from others, and whether what they were derived from has changed.
import { digestPartial } from './digest.mjs';
import { semantic } from './errors.mjs';
import { nearest, weightedMean } from './operators.mjs';
import { ALWAYS } from './scope-dag.mjs';

export function checkDerivedCycles(deposition) {
  const state = new Map();
  const visit = (d) => {
    if (state.get(d.id) === 'done') return;
    if (state.get(d.id) === 'open') throw semantic('derived-cycle', `descriptors/${d.id}#/derived_from`);
    state.set(d.id, 'open');
    for (const { path } of d.doc.derived_from?.inputs ?? []) {
      const [layer, id] = path.split('/');
      const input = layer === 'descriptors' && deposition.descriptors.get(id);
      if (input) visit(input);
      if (input?.isUnknown && d.isMade) throw semantic('unsupported-combination', `${d.at}#/derived_from/inputs`); // DRV-14
    }
    state.set(d.id, 'done');
  };
  for (const d of deposition.descriptors.values()) visit(d);
}

export async function checkStale(deposition, strict) {
  for (const d of deposition.descriptors.values()) await checkUnchanged(deposition, d.at, d.doc.derived_from?.inputs, strict);
  for (const name of deposition.groups('provenance')) {
    const at = `provenance/${name}`;
    await checkUnchanged(deposition, at, deposition.store.group(at).payload.describes, strict);
  }
}

// DRV-6, PRV-6: something made of parts of the store that have changed since.
async function checkUnchanged(deposition, at, parts, strict) {
  for (const { path, hash } of parts ?? []) {
    if (`sha256:${await digestPartial(deposition.store, path)}` === hash) continue;
    if (strict) throw semantic('stale', at);
    deposition.warnings.push({ stage: 'semantic', code: 'stale', where: at });
    break;
  }
}

// DRV-3: arrays and tables that are computed because they are not stored.
export function complete(deposition, d) {
  const op = d.doc.derived_from?.operator;
  if (!op || d.completed) return;
  d.completed = true;
  for (const { path } of d.doc.derived_from.inputs) {
    const input = deposition.descriptors.get(path.split('/')[1]);
    if (path.startsWith('descriptors/') && input) complete(deposition, input);
  }
  if (!d.pending && (d.arrays.labels || d.doc.sample_axis == null)) return;
  const made = derive(deposition, d);
  if (!made) throw semantic('missing-array', d.at);
  if (d.pending) d.fill(made);
  else d.arrays.labels = made.arrays.labels;
}

// DRV-5.
export function checkDerived(deposition) {
  for (const d of deposition.descriptors.values()) {
    if (!d.doc.derived_from?.operator || d.pending) continue;
    const made = derive(deposition, d);
    for (const [name, array] of Object.entries(made?.arrays ?? {})) {
      const stored = d.arrays[name];
      if (!stored) continue;
      const allowed = (v) => (array.dtype.startsWith('float') ? 1e-9 * Math.max(1, Math.abs(v)) : 0);
      const same = stored.data.length === array.data.length
        && array.data.every((v, i) => Math.abs(stored.data[i] - v) <= allowed(v));
      if (!same) throw semantic('derived-mismatch', `${d.at}/${name}`);
    }
  }
}

function derive(deposition, d) {
  const { operator: op, inputs } = d.doc.derived_from;
  const named = inputs.filter(({ path }) => path.startsWith('descriptors/')).map(({ path }) => path.slice(12));
  const [source] = named;
  const of = deposition.descriptors.get(source);
  // DRV-14, DRV-17.
  if (named.length !== 1 || !of || of.isUnknown) throw semantic('unsupported-combination', `${d.at}#/derived_from/inputs`);
  const nan = (n) => new Float64Array(n).fill(NaN);
  const states = (site, labels, population) => ({
    rows: labels.length, site: new Int32Array(labels.length).fill(site), state: Int32Array.from(labels, (_, i) => i), label: labels,
    condition: new Int32Array(labels.length).fill(ALWAYS), population: Float64Array.from(population), deposited: nan(labels.length),
    source: labels.map(() => 'unknown'),
  });
  const variables = (site) => ({ rows: 1, site: Int32Array.of(site), draw_key: Uint32Array.of(d.pending ? freeDrawKey(deposition) : 0) });
  if (op.id === 'assignment/nearest_landmark_v1') {
    const marks = deposition.landmarks.get(source);
    if (of.doc.sample_axis == null || of.doc.sample_axis !== d.doc.sample_axis) throw semantic('unsupported-combination', `${d.at}#/sample_axis`); // DRV-16
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
      rows.forEach((row, m) => xyz.set(deposition.xref.subarray(3 * row, 3 * row + 3), 3 * (s * rows.length + m)));
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
      data.set(deposition.xref.subarray(3 * row, 3 * row + 3), 3 * m);
      there[m] = 0;
    });
    const { atom_id: ids } = deposition.hierarchy.atoms;
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
function freeDrawKey(deposition) {
  const used = new Set([...deposition.descriptors.values()].flatMap((d) => ['variables', 'latents'].flatMap((name) => [...(d.tables[name]?.draw_key ?? [])])));
  let key = 4294967295;
  while (used.has(key)) key--;
  return key;
}
