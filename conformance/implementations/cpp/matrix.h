// 3 × 3 matrices: products, rotations, and the test of 8.5.
#pragma once
#include <array>
#include <functional>
#include <string>

namespace polystate {

using V3 = std::array<double, 3>;
using M3 = std::array<V3, 3>;
const M3 ZERO{}, UNIT{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};

M3 elements(const std::function<double(int, int)>& f);
M3 operator*(const M3& a, const M3& b);
M3 operator+(const M3& a, const M3& b);
M3 operator*(double s, const M3& a);
M3 transposed(const M3& a);
M3 turned(const M3& u, const M3& r);  // R U R^T, exactly symmetric (COV-3)
M3 symmetric(const double* u);        // of 11, 22, 33, 12, 13, 23
bool passes(const M3& u);             // 8.5
M3 rotation(const double* quaternion, const std::string& path);  // 7.2; MEAN-11

}  // namespace polystate
