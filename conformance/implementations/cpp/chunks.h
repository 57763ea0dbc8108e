// Codecs and chunks of a Zarr array (STO-21 to STO-28).
#pragma once
#include "polystate.h"

namespace polystate {

const size_t LARGEST = size_t(2) << 30;  // bytes of an array; a damaged shape must not exhaust the memory (ERR-3)

[[noreturn]] void fail(const std::string& why);
json settings(const json& codec);     // its configuration, empty where it has none; refused where it is no object
// One of two texts, the first where the key is not there; anything else, null included, is refused.
std::string choice(const json& object, const std::string& key, const std::string& otherwise, const std::string& other);
std::string name(const json& codec);  // Zarr permits the bare name for a codec without configuration
// STO-22, of a shard its own and those of its index; shape: of the chunk that they encode.
void checkCodecs(const json& codecs, const std::string& path, const Shape& shape);
Bytes fillValue(const json& value, const std::string& dtype);   // one element
Shape chunkCounts(const Shape& shape, const Shape& chunk);
Bytes filled(const Shape& shape, const Bytes& fill);
Bytes decode(Bytes data, const json& codecs, const Shape& shape, const Bytes& fill);  // the elements of one chunk
// Copies the part of a chunk that lies inside the target.
void paste(Bytes& to, const Shape& shape, const Bytes& chunk, const Shape& chunkShape, const Shape& chunkIndex, size_t item);

}  // namespace polystate
