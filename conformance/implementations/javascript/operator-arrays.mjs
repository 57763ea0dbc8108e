// What a validator refuses of the arrays of an operator: unit quaternions, normalised TLS, widths that fit (6.3, 7.2, 9).
import { semantic } from './errors.mjs';
import { tlsUnscaled } from './gaussian.mjs';
import { checkAscending } from './payload.mjs';

const TOLERANCE = 1e-6;

export function checkOperatorArrays(descriptor) {
  const { arrays, tables, at, doc } = descriptor;
  if (arrays.quaternion) {
    const q = arrays.quaternion.data;
    for (let g = 0; g < q.length / 4; g++) {
      if (!(Math.abs(Math.hypot(...q.subarray(4 * g, 4 * g + 4)) - 1) <= TOLERANCE)) throw semantic('quaternion-norm', `${at}/quaternion[${g}]`);
    }
  }
  if (arrays.tls && doc.normalised !== false) checkTls(descriptor);
  const stored = { basis: 'coefficients', gaussian_mixture: 'coefficients', decoder: 'latent', mlp: 'latent', lookup_table: 'latent' }[descriptor.kind];
  if (stored) {
    if (!arrays[stored] && !tables.latents && doc.signal_type !== 'unknown') throw semantic('missing-array', `${at}/${stored}`);
    const widths = [arrays.basis?.shape[0], arrays.w0?.shape[1], arrays.centre?.shape[1], arrays[stored]?.shape.at(-1), tables.latents?.rows].filter((n) => n !== undefined);
    if (tables.latents) {
      checkAscending([...tables.latents.component], `${at}/latents`);
      const bad = tables.latents.component.findIndex((c, i) => c !== i);
      if (bad >= 0) throw semantic('dangling-row', `${at}/latents/component[${bad}]`);
      if (widths[0] !== tables.latents.rows) throw semantic('dangling-row', `${at}/latents`);
    }
    if (new Set(widths).size > 1) throw semantic('wrong-shape', `${at}/${stored}`);
    descriptor.components = widths[0];
  }
  if (descriptor.kind === 'gaussian_mixture') { // MEAN-37
    const sum = arrays.population.data.reduce((a, b) => a + b, 0);
    if (!(Math.abs(sum - 1) <= TOLERANCE)) throw semantic('population-sum', `${at}/population`);
  }
  if (arrays.centre?.shape[0] === 0) throw semantic('wrong-shape', `${at}/centre`);
  if (descriptor.kind === 'mlp') {
    descriptor.layers = [];
    for (let n = 0; arrays[`w${n}`]; n++) descriptor.layers.push([arrays[`w${n}`], arrays[`b${n}`]]);
    if (descriptor.layers.at(-1)[1].shape[0] !== 3 * arrays.atom_id.shape[0]) throw semantic('wrong-shape', `${at}/w${descriptor.layers.length - 1}`);
  }
}

function checkTls(descriptor) {
  const { data } = descriptor.arrays.tls;
  const sets = data.length / 24 / descriptor.scope.count;
  for (let step = 0; step < sets; step++) {
    const sums = new Float64Array(descriptor.scope.count);
    const counts = new Int32Array(descriptor.scope.count);
    descriptor.scope.labels.forEach((g, row) => {
      if (g < 0) return;
      const u = tlsUnscaled(data, 24 * (step * descriptor.scope.count + g), descriptor.local(row));
      sums[g] += u[0] + u[1] + u[2];
      counts[g]++;
    });
    for (let g = 0; g < descriptor.scope.count; g++) {
      const o = 24 * (step * descriptor.scope.count + g);
      const bad = data[o + 20] === 0 ? data.subarray(o, o + 20).some((v) => v !== 0)
        : counts[g] > 0 && !(Math.abs(sums[g] / counts[g] / 3 - 1) <= TOLERANCE);
      if (bad) throw semantic('tls-not-normalised', `${descriptor.at}/tls[${g}]`);
    }
  }
}

