#include "matrix.h"

#include <algorithm>
#include <cmath>

#include "polystate.h"

namespace polystate {

M3 elements(const std::function<double(int, int)>& f) {
  M3 m;
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) m[i][j] = f(i, j);
  return m;
}
M3 operator*(const M3& a, const M3& b) {
  return elements([&](int i, int j) { return a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j]; });
}
M3 operator+(const M3& a, const M3& b) { return elements([&](int i, int j) { return a[i][j] + b[i][j]; }); }
M3 operator*(double s, const M3& a) { return elements([&](int i, int j) { return s * a[i][j]; }); }
M3 transposed(const M3& a) { return elements([&](int i, int j) { return a[j][i]; }); }
M3 turned(const M3& u, const M3& r) {
  M3 m = r * u * transposed(r);
  return elements([&](int i, int j) { return m[std::min(i, j)][std::max(i, j)]; });
}
M3 symmetric(const double* u) {
  return {{{u[0], u[3], u[4]}, {u[3], u[1], u[5]}, {u[4], u[5], u[2]}}};
}

// 8.5: smallest and largest eigenvalue of a symmetric matrix by the trigonometric formula.
bool passes(const M3& u) {
  double q = (u[0][0] + u[1][1] + u[2][2]) / 3, p = 0;
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) p += std::pow(u[i][j] - (i == j ? q : 0), 2) / 6;
  p = std::sqrt(p);
  if (p == 0) return q >= -(1e-6 * std::max(q, 0.0) + 1e-6);
  M3 b = (1 / p) * (u + (-q) * UNIT);
  double det = b[0][0] * (b[1][1] * b[2][2] - b[1][2] * b[2][1]) - b[0][1] * (b[1][0] * b[2][2] - b[1][2] * b[2][0]) +
               b[0][2] * (b[1][0] * b[2][1] - b[1][1] * b[2][0]);
  double angle = std::acos(std::clamp(det / 2, -1.0, 1.0)) / 3, third = 2 * std::acos(-1.0) / 3;
  double largest = q + 2 * p * std::cos(angle), smallest = q + 2 * p * std::cos(angle + third);
  return smallest >= -(1e-6 * std::max(largest, 0.0) + 1e-6);
}

M3 rotation(const double* quaternion, const std::string& path) {
  double w = quaternion[0], x = quaternion[1], y = quaternion[2], z = quaternion[3];
  double norm = std::sqrt(w * w + x * x + y * y + z * z);
  if (!(std::abs(norm - 1) <= 1e-6)) throw Refusal{"semantic", "quaternion-norm", path};  // MEAN-10
  w /= norm, x /= norm, y /= norm, z /= norm;
  return {{{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
           {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
           {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)}}};
}

}  // namespace polystate
