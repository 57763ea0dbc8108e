// SHA-256 (FIPS 180-4), for hashes of coordinates (12.1).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace polystate {

// "sha256:" and the lower-case hexadecimal digits.
std::string sha256(std::vector<uint8_t> bytes);

}  // namespace polystate
