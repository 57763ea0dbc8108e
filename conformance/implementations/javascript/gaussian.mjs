// Chapter 8: covariances as six numbers, in the order 11, 22, 33, 12, 13, 23.
import { compareBytes } from './errors.mjs';
import { rotateSix } from './linear.mjs';

const EIGHT_PI_SQUARED = 8 * Math.PI * Math.PI;

// T + K L K^T + K S + S^T K^T of row `o` at the point p, without the amplitude.
export function tlsUnscaled(tls, o, p) {
  const [T11, T22, T33, T12, T13, T23, L11, L22, L33, L12, L13, L23, S11, S12, S13, S21, S22, S23, S31, S32] = tls.subarray(o, o + 20);
  const S33 = -S11 - S22;
  const x = p[0] - tls[o + 21], y = p[1] - tls[o + 22], z = p[2] - tls[o + 23];
  const K = [[0, z, -y], [-z, 0, x], [y, -x, 0]];
  const L = [[L11, L12, L13], [L12, L22, L23], [L13, L23, L33]];
  const S = [[S11, S12, S13], [S21, S22, S23], [S31, S32, S33]];
  const KL = K.map((row) => [0, 1, 2].map((j) => row[0] * L[0][j] + row[1] * L[1][j] + row[2] * L[2][j]));
  const KS = K.map((row) => [0, 1, 2].map((j) => row[0] * S[0][j] + row[1] * S[1][j] + row[2] * S[2][j]));
  const u = (i, j) => KL[i][0] * K[j][0] + KL[i][1] * K[j][1] + KL[i][2] * K[j][2] + KS[i][j] + KS[j][i];
  return [T11 + u(0, 0), T22 + u(1, 1), T33 + u(2, 2), T12 + u(0, 1), T13 + u(0, 2), T23 + u(1, 2)];
}

const addTo = (out, row, u) => { for (let k = 0; k < 6; k++) out[6 * row + k] += u[k]; };

// Adds the covariance of one descriptor to `out` (N, 6); `holds` judges conditions, `step` is the index of its axis.
export function addCovariance(d, out, holds, step) {
  const turn = d.rotation ? (u) => rotateSix(d.rotation, u) : (u) => u;
  const { arrays } = d;
  switch (d.kind) {
    case 'tls': {
      const { count, labels } = d.scope;
      labels.forEach((g, row) => {
        if (g < 0) return;
        const o = 24 * ((step ?? 0) * count + g);
        const amplitude = arrays.tls.data[o + 20];
        addTo(out, row, turn(tlsUnscaled(arrays.tls.data, o, d.local(row)).map((v) => amplitude * v)));
      });
      return;
    }
    case 'iadp':
    case 'aadp':
      d.rows.forEach((row, r) => {
        if (row < 0 || !holds(arrays.condition.data[r])) return;
        const u = d.kind === 'iadp' ? arrays.b.data[r] / EIGHT_PI_SQUARED : 0;
        // An isotropic covariance is the same in every frame.
        if (d.kind === 'iadp') addTo(out, row, [u, u, u, 0, 0, 0]);
        else addTo(out, row, turn([...arrays.u.data.subarray(6 * r, 6 * r + 6)]));
      });
      return;
    case 'nm_covariance': {
      const atoms = d.rows.length;
      const { data } = arrays.basis;
      d.rows.forEach((row, i) => {
        if (row < 0) return;
        const u = [0, 0, 0, 0, 0, 0];
        arrays.variance.data.forEach((s, m) => {
          const [x, y, z] = data.subarray(3 * (m * atoms + i), 3 * (m * atoms + i) + 3);
          [x * x, y * y, z * z, x * y, x * z, y * z].forEach((v, k) => { u[k] += s * v; });
        });
        addTo(out, row, turn(u));
      });
      return;
    }
    default:
      throw new Error(`no covariance of ${d.kind}`);
  }
}

// STK-6.
export function levels(deposition) {
  return [...deposition.descriptors.values()].filter((d) => d.isGaussian)
    .sort((a, b) => a.scope.count - b.scope.count || compareBytes(a.id, b.id));
}
