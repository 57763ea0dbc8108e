// Small vectors and matrices, rows first. Symmetric matrices are six numbers: 11, 22, 33, 12, 13, 23.
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

export const IDENTITY = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
export const transpose = (m) => [0, 1, 2].map((i) => [0, 1, 2].map((j) => m[j][i]));
export const apply = (m, v) => m.map((row) => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]);
export const multiply = (a, b) => a.map((row) => [0, 1, 2].map((j) => row[0] * b[0][j] + row[1] * b[1][j] + row[2] * b[2][j]));
export const add = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const subtract = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const determinant = (m) => m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
  - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
export const fromSix = (u) => [[u[0], u[3], u[4]], [u[3], u[1], u[5]], [u[4], u[5], u[2]]];
export const toSix = (m) => [m[0][0], m[1][1], m[2][2], (m[0][1] + m[1][0]) / 2, (m[0][2] + m[2][0]) / 2, (m[1][2] + m[2][1]) / 2];
export const rotateSix = (r, u) => toSix(multiply(multiply(r, fromSix(u)), transpose(r)));

export function rotation(quaternion) {
  const norm = Math.hypot(...quaternion);
  const [w, x, y, z] = quaternion.map((q) => q / norm);
  return [
    [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
    [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
    [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
  ];
}

export function eigen(u) {
  const e = new EigenvalueDecomposition(new Matrix(fromSix(u)), { assumeSymmetric: true });
  return { values: e.realEigenvalues, vectors: e.eigenvectorMatrix };
}

// COV-10.
export function passes(u) {
  const { values } = eigen(u);
  return Math.min(...values) >= -(1e-6 * Math.max(...values, 0) + 1e-6);
}

export function nearestSemidefinite(u) {
  const { values, vectors } = eigen(u);
  if (Math.min(...values) >= 0) return u;
  const out = [0, 0, 0, 0, 0, 0];
  const pairs = [[0, 0], [1, 1], [2, 2], [0, 1], [0, 2], [1, 2]];
  values.forEach((value, k) => {
    if (value > 0) pairs.forEach(([i, j], s) => { out[s] += value * vectors.get(i, k) * vectors.get(j, k); });
  });
  return out;
}

// Lower Cholesky factor by the formulas of 10.4; [c11, c21, c31, c22, c32, c33].
export function cholesky([u11, u22, u33, u12, u13, u23]) {
  const tau = 1e-12 * (u11 + u22 + u33);
  let c11 = 0, c21 = 0, c31 = 0, c22 = 0, c32 = 0, c33 = 0;
  if (u11 > tau) {
    c11 = Math.sqrt(u11);
    c21 = u12 / c11;
    c31 = u13 / c11;
  }
  const p2 = u22 - c21 * c21;
  if (p2 > tau) {
    c22 = Math.sqrt(p2);
    c32 = (u23 - c31 * c21) / c22;
  }
  const p3 = u33 - c31 * c31 - c32 * c32;
  if (p3 > tau) c33 = Math.sqrt(p3);
  return [c11, c21, c31, c22, c32, c33];
}
