// Operators of the registry on given inputs (the kind `operator`, and chapter 9.7).
import { evaluate as refuse, operator as operatorError, Unsupported, schema, semantic } from './errors.mjs';
import { perceptron, mixed, nearestCell, motion, move, triple } from './displacement.mjs';
import { tlsUnscaled } from './gaussian.mjs';
import { apply, fromSix } from './linear.mjs';
import { isOfType, registry } from './registry.mjs';
import { UNITS } from './units.mjs';

const TYPES = { float64: Float64Array, float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

function toArray(nested, dtype) {
  const shape = [];
  for (let x = nested; Array.isArray(x); x = x[0]) shape.push(x.length);
  const flat = Array.isArray(nested) ? nested.flat(Infinity) : [nested];
  const data = TYPES[dtype === 'text' ? 'float64' : dtype].from(flat, (v) => Number(v));
  const isWhole = /^u?int/.test(dtype);
  if (isWhole && flat.some((v, i) => Number(v) !== data[i])) throw refuse('bad-request', 'inputs');
  if (data.length !== shape.reduce((a, b) => a * b, 1)) throw refuse('bad-request', 'inputs');
  return { data, shape, dtype };
}

const f8 = (data, ...shape) => ({ data: Float64Array.from(data), shape, dtype: 'float64' });
const matrices = (list) => f8(list.flatMap((u) => fromSix(u).flat()), list.length, 3, 3);
const rows = (array) => Array.from({ length: array.shape[0] }, (_, i) => i);

function modes({ basis, coefficients }) {
  const [k, atoms] = basis.shape;
  const out = new Float64Array(3 * atoms);
  for (let m = 0; m < k; m++) for (let i = 0; i < 3 * atoms; i++) out[i] += coefficients.data[m] * basis.data[m * 3 * atoms + i];
  return { displacement: f8(out, atoms, 3) };
}

const inUnit = ({ position }, { unit }) => ({ xyz: f8(position.data.map((v) => UNITS[unit] * v), ...position.shape) });

const VALUE = '(?:[xyz]|\\d+/0*[1-9]\\d*|\\d*\\.\\d+|\\d+)';
const PART = new RegExp(`^[+-]?${VALUE}(?:[+-]${VALUE})*$`);

// ERR-16.
function parseTriplet(textOf) {
  const parts = textOf.replace(/ /g, '').toLowerCase().split(',');
  if (parts.length !== 3 || !parts.every((part) => PART.test(part))) throw refuse('bad-request', 'parameters/triplets');
  return parts.map((part) => {
    const row = [0, 0, 0];
    let shift = 0;
    for (const [, sign, body] of part.matchAll(/([+-]?)([xyz]|\d+\/\d+|\d*\.\d+|\d+)/g)) {
      const s = sign === '-' ? -1 : 1;
      if ('xyz'.includes(body)) {
        if (row['xyz'.indexOf(body)] !== 0) throw refuse('bad-request', 'parameters/triplets');
        row['xyz'.indexOf(body)] = s;
      } else {
        const [n, d = '1'] = body.split('/');
        shift += (s * Number(n)) / Number(d);
      }
    }
    return { row, shift };
  });
}

function spaceGroup({ cell, xyz }, { triplets }) {
  const [a, b, c, ...angles] = cell.data;
  // Right angles are exact.
  const cosine = (deg) => (deg === 90 ? 0 : Math.cos((deg * Math.PI) / 180));
  const [ca, cb, cg] = angles.map(cosine);
  const sg = angles[2] === 90 ? 1 : Math.sin((angles[2] * Math.PI) / 180);
  const v = Math.sqrt(1 - ca * ca - cb * cb - cg * cg + 2 * ca * cb * cg);
  const C = [[a, b * cg, c * cb], [0, b * sg, (c * (ca - cb * cg)) / sg], [0, 0, (c * v) / sg]];
  const fractional = (x) => {
    const fz = x[2] / C[2][2];
    const fy = (x[1] - C[1][2] * fz) / C[1][1];
    return [(x[0] - C[0][1] * fy - C[0][2] * fz) / C[0][0], fy, fz];
  };
  const out = [];
  for (const t of triplets) {
    const op = parseTriplet(t);
    for (const i of rows(xyz)) {
      const f = fractional(triple(xyz.data, i));
      out.push(...apply(C, op.map(({ row, shift }) => row[0] * f[0] + row[1] * f[1] + row[2] * f[2] + shift)));
    }
  }
  return { xyz: f8(out, triplets.length, xyz.shape[0], 3) };
}

function nearest({ value, point }) {
  const [steps, width] = value.shape;
  const landmark = new Int32Array(steps);
  const distance = new Float64Array(steps);
  for (let p = 0; p < steps; p++) {
    let best = Infinity;
    for (const l of rows(point)) {
      let q = 0;
      for (let c = 0; c < width; c++) q += (value.data[p * width + c] - point.data[l * width + c]) ** 2;
      if (q < best) [best, landmark[p]] = [q, l];
    }
    distance[p] = Math.sqrt(best);
  }
  return { landmark: { data: landmark, shape: [steps], dtype: 'int32' }, distance: f8(distance, steps) };
}

function weightedMean({ xyz, population, present }) {
  const [states, atoms] = xyz.shape;
  const total = population.data.reduce((a, b) => a + b, 0);
  if (total === 0) throw refuse('no-population', 'inputs');
  const out = new Float64Array(3 * atoms);
  const occupancy = new Float64Array(atoms);
  for (let i = 0; i < atoms; i++) {
    let w = 0;
    const sum = [0, 0, 0];
    for (let s = 0; s < states; s++) {
      const p = present && !present.data[s * atoms + i] ? 0 : population.data[s];
      w += p;
      if (p) triple(xyz.data, s * atoms + i).forEach((x, c) => { sum[c] += p * x; });
    }
    out.set(sum.map((x) => (w ? x / w : NaN)), 3 * i);
    occupancy[i] = w / total;
  }
  return { xyz: f8(out, atoms, 3), occupancy: f8(occupancy, atoms) };
}

function beads({ xyz, child, parent, weight }, { labels }) {
  const out = new Float64Array(3 * labels);
  child.data.forEach((c, e) => triple(xyz.data, c).forEach((x, k) => { out[3 * parent.data[e] + k] += weight.data[e] * x; }));
  return { xyz: f8(out, labels, 3) };
}

const FORMULAS = {
  'parametric_gaussian/iadp_v1': ({ b }) => ({ u: matrices([...b.data].map((v) => v / (8 * Math.PI * Math.PI)).map((v) => [v, v, v, 0, 0, 0])) }),
  'parametric_gaussian/aadp_v1': ({ u }) => ({ u: matrices(rows(u).map((r) => [...u.data.subarray(6 * r, 6 * r + 6)])) }),
  'parametric_gaussian/tls_v1': ({ tls, group, xyz }) => ({
    u: matrices([...group.data].map((g, i) => tlsUnscaled(tls.data, 24 * g, triple(xyz.data, i)).map((v) => v * tls.data[24 * g + 20]))),
  }),
  'parametric_gaussian/nm_covariance_v1': ({ basis, variance }) => {
    const [k, atoms] = basis.shape;
    return {
      u: matrices(Array.from({ length: atoms }, (_, i) => {
        const u = [0, 0, 0, 0, 0, 0];
        for (let m = 0; m < k; m++) {
          const [x, y, z] = triple(basis.data, m * atoms + i);
          [x * x, y * y, z * z, x * y, x * z, y * z].forEach((v, s) => { u[s] += variance.data[m] * v; });
        }
        return u;
      })),
    };
  },
  'basis/nm_v1': modes,
  'basis/pca_v1': modes,
  'basis/gaussian_mixture_v1': ({ basis, coefficients, uniform, normal, ...mixture }) => {
    if (!uniform !== !normal) throw refuse('bad-request', 'inputs');
    return modes({ basis, coefficients: coefficients ?? { data: mixed(mixture, uniform?.data[0], [...(normal?.data ?? [])]) } });
  },
  'rigid_body/quat_v1': ({ quaternion, translation, origin, group, xyz }) => {
    for (const g of rows(quaternion)) {
      if (!(Math.abs(Math.hypot(...quaternion.data.subarray(4 * g, 4 * g + 4)) - 1) <= 1e-6)) throw semantic('quaternion-norm', 'inputs');
    }
    return { xyz: f8([...group.data].flatMap((g, i) => move(motion({ quaternion, translation, origin }, g), triple(xyz.data, i))), xyz.shape[0], 3) };
  },
  'neural_decoder/mlp_v1': (inputs, { activation }) => {
    const layers = [];
    for (let n = 0; inputs[`w${n}`]; n++) {
      const [w, b] = [inputs[`w${n}`], inputs[`b${n}`]];
      const width = n ? layers[n - 1][0].shape[0] : inputs.latent.shape[0];
      if (!b || w.shape[1] !== width || b.shape[0] !== w.shape[0]) throw semantic('wrong-shape', 'inputs');
      layers.push([w, b]);
    }
    const y = perceptron(layers, inputs.latent.data, activation);
    if (y.length % 3) throw semantic('wrong-shape', 'inputs');
    if (!y.every(Number.isFinite)) throw refuse('non-finite-output', 'inputs');
    return { output: f8(y, y.length / 3, 3) };
  },
  'lookup_table/nearest_v1': ({ latent, centre, value }) => {
    const cell = [...latent.data].every(Number.isFinite) && centre.shape[0] ? nearestCell(centre, latent.data) : undefined;
    if (cell === undefined) throw refuse('bad-request', 'inputs');
    const [, atoms] = value.shape;
    return { output: f8(value.data.subarray(3 * atoms * cell, 3 * atoms * (cell + 1)), atoms, 3) };
  },
  'identity/noop_v1': ({ xyz }) => ({ xyz: f8(xyz.data, ...xyz.shape) }),
  'external_reference/h5md_v1': inUnit,
  'external_reference/zarr_trajectory_v1': inUnit,
  'symmetry/space_group_v1': spaceGroup,
  'assignment/nearest_landmark_v1': nearest,
  'ensemble/occupancy_weighted_mean_v1': weightedMean,
  'coarse_grain/weighted_sum_v1': beads,
};
export { nearest, weightedMean };

export const OPERATORS = Object.keys(FORMULAS);

// ERR-13: dimensions of one name have one size, and indices point inside of what they count.
const COUNTED = { group: 'G', child: 'N', parent: 'G' };
function checkShapes(rules, inputs, { labels }) {
  const sizes = new Map(labels === undefined ? [] : [['G', labels]]);
  for (const [name, { shape }] of Object.entries(inputs)) {
    const n = Number(/\d+$/.exec(name)?.[0] ?? 0);
    const due = (rules.get(name) ?? rules.get(name.replace(/\d+$/, '<n>'))).shape
      .map((d) => (d === 'h<n>' && n === 0 ? 'd' : typeof d === 'string' ? d.replace('<n+1>', n + 1).replace('<n>', n) : d));
    const fits = due.length === shape.length && due.every((d, k) => {
      if (typeof d === 'string' && !sizes.has(d)) sizes.set(d, shape[k]);
      return shape[k] === (typeof d === 'string' ? sizes.get(d) : d);
    });
    if (!fits) throw refuse('bad-request', 'inputs');
  }
  for (const [name, of] of Object.entries(COUNTED)) {
    if (inputs[name]?.data.some((i) => i < 0 || i >= sizes.get(of))) throw refuse('bad-request', 'inputs');
  }
}

export function answerOperator({ operator: id, hash, inputs: given, parameters = {}, outputs }) {
  const entry = registry.get(id);
  if (!entry) throw operatorError('unknown-operator', 'operator');
  if (hash !== undefined && hash !== entry.hash) throw operatorError('hash-mismatch', 'hash');
  const formula = FORMULAS[id];
  if (!formula) throw new Unsupported('registry', id);
  const rules = new Map(entry.signature.inputs.map((input) => [input.name, input]));
  const inputs = {};
  for (const [name, value] of Object.entries(given)) {
    const rule = rules.get(name) ?? rules.get(name.replace(/\d+$/, '<n>'));
    if (!rule) throw refuse('bad-request', 'inputs');
    inputs[name] = toArray(value, rule.dtype);
  }
  for (const { name, optional } of rules.values()) {
    if (!optional && !(name.replace('<n>', '0') in inputs)) throw refuse('bad-request', 'inputs');
  }
  const values = { ...entry.defaults.parameters, ...parameters };
  for (const { name, type, allowed } of entry.signature.parameters) {
    if (!(name in values)) throw refuse('bad-request', 'parameters');
    if (!isOfType(values[name], type)) throw schema('schema-violation', 'parameters');
    if (allowed && !allowed.includes(values[name])) throw schema('schema-violation', 'parameters');
  }
  for (const name of Object.keys(parameters)) {
    if (!entry.signature.parameters.some((p) => p.name === name)) throw schema('schema-violation', 'parameters');
  }
  checkShapes(rules, inputs, values);
  const result = formula(inputs, values);
  for (const name of outputs) if (!(name in result)) throw refuse('bad-request', 'outputs');
  return Object.fromEntries(outputs.map((name) => [name, result[name]]));
}
