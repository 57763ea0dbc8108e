// What a validator refuses of descriptors that stand beside one another (chapters 5 to 9).
import { semantic } from './errors.mjs';
import { familyOf } from './reference.mjs';
import { ALWAYS } from './scope-dag.mjs';

const TOLERANCE = 1e-6;

// Before the DAG is made, since it follows these numbers.
export function checkUseOfConditions(d) {
  const used = [];
  const note = (data, where) => data?.forEach((c, i) => used.push([c, `${where}[${i}]`]));
  note(d.tables.states?.condition, `${d.at}/states/condition`);
  note(d.tables.occupancy?.condition, `${d.at}/occupancy/condition`);
  note(d.arrays.condition?.data, `${d.at}/condition`);
  used.push([d.activeWhen, `${d.at}#/active_when`]);
  for (const [c, where] of used) if (c !== ALWAYS && !d.hasCondition(c)) throw semantic('dangling-row', where);
}

export function checkDiscreteDag(d) {
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

// OPR-24, OPR-25, PRV-5
function checkLandmarks(deposition) {
  for (const [name, { payload, arrays }] of deposition.landmarks) {
    const d = deposition.descriptors.get(payload.descriptor);
    const variable = { basis: 'coefficients', neural_decoder: 'latent', lookup_table: 'latent' }[familyOf(d?.doc.operator?.id)];
    if (payload.descriptor !== name || !(variable || d?.lacksEntry)) throw semantic('unsupported-combination', `landmarks/${name}#/descriptor`);
    if (payload.variable !== variable && !d.lacksEntry) throw semantic('unsupported-combination', `landmarks/${name}#/variable`);
    const [points, width] = arrays.point.shape;
    if (!points || (d.components !== undefined && width !== d.components)) throw semantic('wrong-shape', `landmarks/${name}/point`);
    const { provenance } = payload;
    if (provenance !== undefined && !deposition.groups('provenance').includes(provenance)) throw semantic('missing-provenance', `landmarks/${name}#/provenance`);
  }
}

export function checkTogether(deposition) {
  const { descriptors, hierarchy } = deposition;
  const all = [...descriptors.values()];
  checkLandmarks(deposition);
  const keys = new Set();
  for (const d of all) {
    for (const name of ['variables', 'latents']) {
      if (name === 'latents' && (d.isUnknown || d.lacksEntry)) continue;
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
    if (d.doc.adp_content === 'unknown') deposition.warnings.push({ stage: 'semantic', code: 'adp-counted-twice', where: `${d.at}#/adp_content` });
  }
  for (const d of all) {
    if (d.doc.provenance != null && !deposition.groups('provenance').includes(d.doc.provenance)) throw semantic('missing-provenance', `${d.at}#/provenance`);
    if (d.doc.signal_type === 'unknown') deposition.warnings.push({ stage: 'semantic', code: 'unknown-signal', where: `${d.at}#/signal_type` });
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
