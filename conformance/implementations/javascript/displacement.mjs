// Chapter 7: what each descriptor gives to the mean.
import { add, apply, rotation, subtract } from './linear.mjs';
import { evaluate, Unsupported } from './errors.mjs';
import { loadTrajectory, Needed, runBody } from './artifact.mjs';

const ACTIVATIONS = {
  tanh: Math.tanh,
  relu: (x) => Math.max(x, 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  silu: (x) => x / (1 + Math.exp(-x)),
  identity: (x) => x,
};

export function perceptron(layers, q, activation = 'tanh') {
  const f = ACTIVATIONS[activation];
  let h = q;
  layers.forEach(([w, b], n) => {
    const [rows, columns] = w.shape;
    const next = new Float64Array(rows);
    for (let j = 0; j < rows; j++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += w.data[j * columns + k] * h[k];
      sum += b.data[j];
      next[j] = n < layers.length - 1 ? f(sum) : sum;
    }
    h = next;
  });
  return h;
}

// MEAN-34: the number of the cell; each operation of a Number is rounded by itself.
export function nearestCell({ data, shape: [cells, width] }, q) {
  let [cell, least] = [0, Infinity];
  for (let c = 0; c < cells; c++) {
    let sum = 0;
    for (let j = 0; j < width; j++) {
      const apart = q[j] - data[c * width + j];
      sum += apart * apart;
    }
    if (sum < least) [cell, least] = [c, sum];
  }
  return cell;
}

// MEAN-36, RNG-28, RNG-29: the amplitudes of a draw (u and y), or the mean of the mixture.
export function mixed({ population, mean, factor }, u, y) {
  const [gaussians, k] = mean.shape;
  let sum = 0;
  const sums = [...population.data].map((p) => (sum += p));
  if (u === undefined) {
    return Array.from({ length: k }, (_, m) => sums.reduce((e, __, c) => e + population.data[c] * mean.data[c * k + m], 0) / sum);
  }
  let c = 0;
  while (c < gaussians - 1 && !(u < sums[c] / sum)) c++;
  return Array.from({ length: k }, (_, m) => y.reduce((q, v, n) => q + factor.data[(c * k + m) * k + n] * v, mean.data[c * k + m]));
}

export const triple = (data, i) => [data[3 * i], data[3 * i + 1], data[3 * i + 2]];

export function motion(arrays, index) {
  const q = arrays.quaternion.data.subarray(4 * index, 4 * index + 4);
  return { R: rotation([...q]), o: triple(arrays.origin.data, index), t: triple(arrays.translation.data, index) };
}
export const move = ({ R, o, t }, x) => add(add(apply(R, subtract(x, o)), o), t);

// Calls give(row, vector, absolute) for each atom that the descriptor speaks of; absent(row) for those it lacks.
export function contribute(d, { joint, step, components, wanted, allowCode = false, give, absent }) {
  const { arrays, doc, scope, deposition: { xref } } = d;
  const reference = (row) => triple(xref, row);
  if (doc.regime === 'discrete') {
    for (const [site, v] of d.variables) {
      if (!joint.has(v)) continue;
      const state = joint.get(v);
      const key = `${site} ${state}`;
      if (doc.mode === 'B') {
        for (const [row, vector] of d.moves.get(key) ?? []) give(row, d.toVector(vector), false);
        for (const row of d.lacks.get(key) ?? []) absent(row);
      } else if (doc.mode === 'A') {
        const s = d.pairRow.get(key);
        d.rows.forEach((row, m) => {
          if (row < 0 || scope.labels[row] !== site) return;
          const at = s * d.rows.length + m;
          const x = d.toPoint(triple(arrays.xyz.data, at));
          if (d.isAbsolute) give(row, x, true);
          else give(row, subtract(x, reference(row)), false);
          if (!arrays.present.data[at]) absent(row);
        });
      } else {
        const body = motion(arrays, d.pairRow.get(key) * scope.count + site);
        rigid(d, (label) => (label === site ? body : undefined), give);
      }
    }
    return;
  }
  switch (d.kind) {
    case 'trajectory_a':
      d.rows.forEach((row, m) => {
        if (row < 0) return;
        const at = step * d.rows.length + m;
        const x = d.toPoint(triple(arrays.xyz.data, at));
        if (d.isAbsolute) give(row, x, true);
        else give(row, subtract(x, reference(row)), false);
        if (arrays.present && !arrays.present.data[at]) absent(row);
      });
      return;
    case 'basis':
    case 'gaussian_mixture': {
      const atoms = d.rows.length;
      d.rows.forEach((row, i) => {
        if (row < 0) return;
        const v = [0, 0, 0];
        components.forEach((q, m) => triple(arrays.basis.data, m * atoms + i).forEach((b, c) => { v[c] += q * b; }));
        give(row, d.toVector(v), false);
      });
      return;
    }
    case 'mlp': {
      const y = perceptron(d.layers, components, doc.operator.parameters?.activation);
      if (!y.every(Number.isFinite)) throw evaluate('non-finite-output', d.at);
      decoded(d, y, give);
      return;
    }
    case 'lookup_table': {
      const length = 3 * d.rows.length;
      const begin = nearestCell(arrays.centre, components) * length;
      decoded(d, arrays.value.data.subarray(begin, begin + length), give);
      return;
    }
    case 'decoder': {
      const y = d.outputs?.get(components.join());
      if (!y) throw new Needed(() => runBody(d, components, allowCode));
      decoded(d, y, give);
      return;
    }
    case 'rigid_body': {
      const bodies = new Map();
      rigid(d, (label) => {
        if (!bodies.has(label)) bodies.set(label, motion(arrays, (step ?? 0) * scope.count + label));
        return bodies.get(label);
      }, give);
      return;
    }
    case 'external':
      if (!d.trajectory) throw new Needed(() => loadTrajectory(d));
      d.rows.forEach((row, m) => {
        if (row < 0 || wanted?.has(row) === false) return; // OPR-26
        const x = triple(d.trajectory, step * d.rows.length + m);
        if (!x.every(Number.isFinite)) throw evaluate('non-finite-output', d.at);
        give(row, d.toPoint(x), true);
      });
      return;
    case 'bare':
      return;
    default:
      throw new Unsupported('external', doc.operator?.id ?? d.kind);
  }
}

function decoded(d, y, give) {
  d.rows.forEach((row, m) => {
    if (row < 0) return;
    if (d.isAbsolute) give(row, d.toPoint(triple(y, m)), true);
    else give(row, d.toVector(triple(y, m)), false);
  });
}

function rigid(d, bodyOf, give) {
  d.scope.labels.forEach((label, row) => {
    const body = label < 0 ? undefined : bodyOf(label);
    if (!body) return;
    const p = d.local(row);
    give(row, d.toVector(subtract(move(body, p), p)), false);
  });
}
