#include "chunks.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace polystate {

void fail(const std::string& why) { throw std::runtime_error(why); }

static Bytes unzstd(const Bytes& in, size_t limit) {
  std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  ZSTD_inBuffer source{in.data(), in.size(), 0};
  Bytes out, block(ZSTD_DStreamOutSize());
  size_t left = 1;
  while (source.pos < source.size || left) {
    ZSTD_outBuffer target{block.data(), block.size(), 0};
    size_t before = source.pos;
    left = ZSTD_decompressStream(context.get(), &target, &source);
    if (ZSTD_isError(left)) fail("zstd");
    out.insert(out.end(), block.begin(), block.begin() + target.pos);
    if (out.size() > limit || (left && !target.pos && source.pos == before)) fail("zstd: too long or truncated");
  }
  return out;
}

static Bytes gunzip(const Bytes& in, size_t limit) {
  z_stream z{};
  if (inflateInit2(&z, 15 + 16) != Z_OK) fail("gzip");
  std::unique_ptr<z_stream, int (*)(z_stream*)> end(&z, inflateEnd);
  Bytes out, block(1 << 16);
  z.next_in = const_cast<uint8_t*>(in.data());
  z.avail_in = in.size();
  for (int rc = Z_OK; rc != Z_STREAM_END;) {
    z.next_out = block.data();
    z.avail_out = block.size();
    rc = inflate(&z, Z_NO_FLUSH);
    out.insert(out.end(), block.data(), z.next_out);
    if ((rc != Z_OK && rc != Z_STREAM_END) || out.size() > limit) fail("gzip: damaged, truncated or too long");
    const bool padding = std::all_of(z.next_in, z.next_in + z.avail_in, [](uint8_t byte) { return byte == 0; });
    if (rc == Z_STREAM_END && !padding) {  // a gzip file may have several members, and zeros after the last
      inflateReset(&z);
      rc = Z_OK;
    }
  }
  return out;
}

static Bytes checkCrc32c(Bytes data) {
  if (data.size() < 4) fail("crc32c");
  uint32_t crc = ~0u, stored;
  std::memcpy(&stored, &data[data.size() - 4], 4);
  data.resize(data.size() - 4);
  for (uint8_t byte : data) {
    crc ^= byte;
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
  }
  if (~crc != stored) fail("crc32c");
  return data;
}

std::string name(const json& codec) {
  return codec.is_string() ? codec.get<std::string>() : codec.at("name").get<std::string>();
}

json settings(const json& codec) {
  if (!codec.is_object() || !codec.contains("configuration")) return json::object();
  if (!codec.at("configuration").is_object()) fail("a configuration that is no object");
  return codec.at("configuration");
}

std::string choice(const json& object, const std::string& key, const std::string& otherwise, const std::string& other) {
  if (!object.contains(key)) return otherwise;
  if (object.at(key) != otherwise && object.at(key) != other) fail(key);
  return object.at(key).get<std::string>();
}

static void checkShard(const json& shard, const std::string& path, const Shape& shape);

void checkCodecs(const json& codecs, const std::string& path, const Shape& shape) {
  static const std::set<std::string> known{"bytes", "zstd", "gzip", "crc32c", "sharding_indexed"};
  if (!codecs.is_array() || codecs.empty()) fail("no codecs");
  for (size_t i = 0; i < codecs.size(); i++) {
    std::string n = name(codecs[i]);
    if (!known.count(n)) throw Refusal{"container", "unsupported-codec", path};
    if ((i == 0) != (n == "bytes" || n == "sharding_indexed")) fail("order of codecs");
    if (n == "bytes") choice(settings(codecs[i]), "endian", "little", "big");
    if (n == "sharding_indexed") checkShard(settings(codecs[i]), path, shape);
    settings(codecs[i]);
  }
}

static void checkShard(const json& shard, const std::string& path, const Shape& shape) {
  Shape inner = shard.at("chunk_shape").get<Shape>();
  if (inner.size() != shape.size()) fail("chunk shape");
  for (size_t d = 0; d < shape.size(); d++)
    if (inner[d] == 0 || shape[d] % inner[d]) fail("inner chunks do not divide the shard");
  for (auto key : {"codecs", "index_codecs"}) checkCodecs(shard.at(key), path, inner);
  std::string index;
  for (const json& codec : shard.at("index_codecs")) index += name(codec) + " ";
  if (index != "bytes " && index != "bytes crc32c ") fail("codecs of an index");
  choice(shard, "index_location", "end", "start");
}

// ---------------------------------------------------------------- chunks

static size_t product(const Shape& shape, size_t item) {
  size_t n = item;
  for (size_t s : shape)
    if (__builtin_mul_overflow(n, s, &n)) fail("too large");
  if (n > LARGEST) fail("too large");
  return n;
}

// The next index below `ends`, the last of the first `rank` dimensions fastest; false after the last.
static bool next(Shape& index, const Shape& ends, size_t rank) {
  for (size_t d = rank; d-- > 0; index[d] = 0)
    if (++index[d] < ends[d]) return true;
  return false;
}

void paste(Bytes& to, const Shape& shape, const Bytes& chunk, const Shape& chunkShape, const Shape& chunkIndex,
                  size_t item) {
  size_t rank = shape.size();
  if (rank == 0) { to = chunk; return; }
  Shape extent(rank), index(rank, 0);
  for (size_t d = 0; d < rank; d++) extent[d] = std::min(chunkShape[d], shape[d] - chunkIndex[d] * chunkShape[d]);
  do {
    size_t source = 0, target = 0;
    for (size_t d = 0; d < rank; d++) {
      source = source * chunkShape[d] + index[d];
      target = target * shape[d] + chunkIndex[d] * chunkShape[d] + index[d];
    }
    std::memcpy(&to[target * item], &chunk[source * item], extent[rank - 1] * item);
  } while (next(index, extent, rank - 1));
}

Bytes filled(const Shape& shape, const Bytes& fill) {
  Bytes out(product(shape, fill.size()));
  for (size_t i = 0; i < out.size(); i++) out[i] = fill[i % fill.size()];
  return out;
}

Shape chunkCounts(const Shape& shape, const Shape& chunk) {
  if (chunk.size() != shape.size()) fail("chunk shape");
  Shape counts;
  for (size_t d = 0; d < shape.size(); d++) {
    if (chunk[d] == 0) fail("chunk shape");
    counts.push_back((shape[d] + chunk[d] - 1) / chunk[d]);
  }
  return counts;
}

// Little-endian; `fill` is one element.
Bytes decode(Bytes data, const json& codecs, const Shape& shape, const Bytes& fill) {
  size_t item = fill.size(), n = product(shape, item), limit = 2 * n + 16 * (n / item) + 4096;
  for (size_t i = codecs.size(); i-- > 1;) {
    std::string codec = name(codecs[i]);
    data = codec == "zstd" ? unzstd(data, limit) : codec == "gzip" ? gunzip(data, limit) : checkCrc32c(std::move(data));
  }
  json configuration = settings(codecs[0]);
  if (name(codecs[0]) == "bytes") {
    if (data.size() != n) fail("length of a chunk");
    if (text(configuration, "endian", "little") == "big")  // STO-25
      for (size_t i = 0; i < n; i += item) std::reverse(data.begin() + i, data.begin() + i + item);
    return data;
  }
  // A shard: inner chunks anywhere, and an index of (offset, length) in C order at its end or start.
  Shape inner = configuration.at("chunk_shape").get<Shape>(), counts = chunkCounts(shape, inner), indexShape = counts;
  for (size_t d = 0; d < shape.size(); d++)
    if (shape[d] % inner[d]) fail("inner chunks do not divide the shard");
  indexShape.push_back(2);
  const json& indexCodecs = configuration.at("index_codecs");
  size_t length = product(indexShape, 8);
  for (const json& codec : indexCodecs) length += name(codec) == "crc32c" ? 4 : 0;
  if (length > data.size()) fail("shard without index");
  auto begin = text(configuration, "index_location", "end") == "start" ? data.begin() : data.end() - length;
  Array index{"uint64", indexShape, decode(Bytes(begin, begin + length), indexCodecs, indexShape, Bytes(8))};
  std::vector<uint64_t> places = index.as<uint64_t>();
  Bytes out = filled(shape, fill);
  Shape at(shape.size(), 0);
  size_t k = 0;
  do {
    uint64_t offset = places[2 * k], size = places[2 * k + 1];
    k++;
    if (offset == ~uint64_t(0) && size == ~uint64_t(0)) continue;  // a missing inner chunk (STO-26)
    if (offset > data.size() || size > data.size() - offset) fail("shard index");
    Bytes part(data.begin() + offset, data.begin() + offset + size);
    paste(out, shape, decode(std::move(part), configuration.at("codecs"), inner, fill), inner, at, item);
  } while (next(at, counts, shape.size()));
  return out;
}

// One element of the fill value; floats may be "NaN", "Infinity", "-Infinity" or the bits in hexadecimal.
Bytes fillValue(const json& value, const std::string& dtype) {
  return withType(dtype, [&](auto zero) {
    using T = decltype(zero);
    T element{};
    Bytes out(sizeof(T));
    if (value.is_boolean() != (dtype == "bool")) fail("fill value");
    if (value.is_string() && std::is_floating_point_v<T>) {
      std::string s = value;
      if (s.rfind("0x", 0) == 0) {
        if (s.size() != 2 + 2 * sizeof(T) || s.find_first_not_of("0123456789abcdefABCDEF", 2) != std::string::npos)
          fail("fill value");
        uint64_t bits = std::stoull(s.substr(2), nullptr, 16);
        std::memcpy(out.data(), &bits, sizeof(T));
        return out;
      }
      double infinity = std::numeric_limits<double>::infinity();
      if (s != "NaN" && s != "Infinity" && s != "-Infinity") fail("fill value");
      element = static_cast<T>(s == "NaN" ? std::nan("") : s == "Infinity" ? infinity : -infinity);
    } else if (value.is_boolean()) {
      element = value.get<bool>();
    } else if (!std::is_floating_point_v<T> && dtype != "bool") {
      double number = value.get<double>(), beyond = std::ldexp(1, std::numeric_limits<T>::digits);  // max() + 1, exactly
      bool isExact = value.is_number_unsigned();  // a double takes the largest of 64 bits for the one beyond
      if (number != std::floor(number) || number < static_cast<double>(std::numeric_limits<T>::min()) ||
          (isExact ? value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<T>::max()) : number >= beyond))
        fail("fill value");
      element = value.get<T>();
    } else {
      double number = value.get<double>();
      if (std::is_floating_point_v<T> && std::abs(number) > static_cast<double>(std::numeric_limits<T>::max()))
        fail("fill value");
      element = static_cast<T>(number);
    }
    std::memcpy(out.data(), &element, sizeof(T));
    return out;
  });
}

}  // namespace polystate
