#include "polystate.h"

#include <zip.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

namespace polystate {
namespace fs = std::filesystem;

const std::string TABLE = "application/vnd.apache.arrow.file";  // STO-32
const size_t LARGEST = size_t(2) << 30;  // bytes of an array; a damaged shape must not exhaust the memory (ERR-3)

const json* find(const json& object, const std::string& key) {
  if (!object.is_object()) return nullptr;
  auto it = object.find(key);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

std::string text(const json& object, const std::string& key, const std::string& otherwise) {
  const json* value = find(object, key);
  return value && value->is_string() ? value->get<std::string>() : otherwise;
}

[[noreturn]] static void fail(const std::string& why) { throw std::runtime_error(why); }

// ---------------------------------------------------------------- codecs (STO-21)

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
    if (rc == Z_STREAM_END && z.avail_in) {  // a gzip file may have several members
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

static std::string name(const json& codec) {  // Zarr permits the bare name for a codec without configuration
  return codec.is_string() ? codec.get<std::string>() : codec.at("name").get<std::string>();
}

static void checkShard(const json& shard, const std::string& path);

// STO-22, inner codecs and those of the index of a shard included.
static void checkCodecs(const json& codecs, const std::string& path) {
  static const std::set<std::string> known{"bytes", "zstd", "gzip", "crc32c", "sharding_indexed"};
  if (!codecs.is_array() || codecs.empty()) fail("no codecs");
  for (size_t i = 0; i < codecs.size(); i++) {
    std::string n = name(codecs[i]);
    if (!known.count(n)) throw Refusal{"container", "unsupported-codec", path};
    if ((i == 0) != (n == "bytes" || n == "sharding_indexed")) fail("order of codecs");
    if (n == "sharding_indexed")
      checkShard(codecs[i].at("configuration"), path);
  }
}

static void checkShard(const json& shard, const std::string& path) {
  for (auto key : {"codecs", "index_codecs"}) checkCodecs(shard.at(key), path);
  std::string index;
  for (const json& codec : shard.at("index_codecs")) index += name(codec) + " ";
  if (index != "bytes " && index != "bytes crc32c ") fail("codecs of an index");
  const std::string place = text(shard, "index_location", "end");
  if (place != "start" && place != "end") fail("place of an index");
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

// Copies the part of a chunk that lies inside the target.
static void paste(Bytes& to, const Shape& shape, const Bytes& chunk, const Shape& chunkShape, const Shape& chunkIndex,
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

static Bytes filled(const Shape& shape, const Bytes& fill) {
  Bytes out(product(shape, fill.size()));
  for (size_t i = 0; i < out.size(); i++) out[i] = fill[i % fill.size()];
  return out;
}

static Shape chunkCounts(const Shape& shape, const Shape& chunk) {
  if (chunk.size() != shape.size()) fail("chunk shape");
  Shape counts;
  for (size_t d = 0; d < shape.size(); d++) {
    if (chunk[d] == 0) fail("chunk shape");
    counts.push_back((shape[d] + chunk[d] - 1) / chunk[d]);
  }
  return counts;
}

// Elements of one chunk, little-endian; `fill` is one element.
static Bytes decode(Bytes data, const json& codecs, const Shape& shape, const Bytes& fill) {
  size_t item = fill.size(), n = product(shape, item), limit = 2 * n + 16 * (n / item) + 4096;
  for (size_t i = codecs.size(); i-- > 1;) {
    std::string codec = name(codecs[i]);
    data = codec == "zstd" ? unzstd(data, limit) : codec == "gzip" ? gunzip(data, limit) : checkCrc32c(std::move(data));
  }
  json configuration = codecs[0].is_object() ? codecs[0].value("configuration", json::object()) : json::object();
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
static Bytes fillValue(const json& value, const std::string& dtype) {
  return withType(dtype, [&](auto zero) {
    using T = decltype(zero);
    T element{};
    Bytes out(sizeof(T));
    if (value.is_string() && std::is_floating_point_v<T>) {
      std::string s = value;
      if (s.rfind("0x", 0) == 0) {
        if (s.size() != 2 + 2 * sizeof(T)) fail("fill value");
        uint64_t bits = std::stoull(s.substr(2), nullptr, 16);
        std::memcpy(out.data(), &bits, sizeof(T));
        return out;
      }
      double infinity = std::numeric_limits<double>::infinity();
      if (s != "NaN" && s != "Infinity" && s != "-Infinity") fail("fill value");
      element = static_cast<T>(s == "NaN" ? std::nan("") : s == "Infinity" ? infinity : -infinity);
    } else if (value.is_boolean()) {
      element = value.get<bool>();
    } else {
      element = value.get<T>();
      if (std::is_floating_point_v<T> && !std::isfinite(static_cast<double>(element))) fail("fill value");
    }
    std::memcpy(out.data(), &element, sizeof(T));
    return out;
  });
}

// ---------------------------------------------------------------- the store

// STO-46: each key once; the parser itself refuses half surrogates, numbers beyond the range and what is no UTF-8.
static json parse(const Bytes& bytes) {
  if (bytes.size() >= 3 && !std::memcmp(bytes.data(), "\xef\xbb\xbf", 3)) fail("byte order mark");
  std::vector<std::set<std::string>> keys;
  return json::parse(bytes.begin(), bytes.end(), [&](int depth, json::parse_event_t event, json& value) {
    if (depth > 200) fail("too deep");
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second) fail("a key twice");
    return true;
  });
}

static bool safe(const std::string& path) {  // no segment is empty, made of periods or begins with __
  for (char c : path)
    if (static_cast<unsigned char>(c) < 0x20) return false;  // STO-47
  for (size_t begin = 0, end; begin <= path.size(); begin = end + 1) {
    end = std::min(path.find('/', begin), path.size());
    std::string segment = path.substr(begin, end - begin);
    if (segment.find_first_not_of('.') == std::string::npos || segment.rfind("__", 0) == 0) return false;
  }
  return true;
}

void Store::list(const std::string& path) {
  auto add = [&](std::string name, bool isFolder) {
    std::string top = name.substr(0, name.find('/'));
    if (name.empty() || (name[0] == '.' && top.find_first_not_of('.') != std::string::npos)) return;  // of the machine (1.3)
    if (!isFolder) files_.insert(name);
    size_t slash = name.find('/');
    if (isFolder || slash != std::string::npos) folders_.insert(name.substr(0, slash));
  };
  if (fs::is_directory(path)) {
    for (auto it = fs::recursive_directory_iterator(path); it != fs::recursive_directory_iterator(); ++it) {
      std::string found = it->path().lexically_relative(path).generic_string();
      fs::file_status status = it->symlink_status();
      if (it.depth() == 0 && found[0] == '.' && found.find_first_not_of('.') != std::string::npos) {
        it.disable_recursion_pending();
        continue;
      }
      if (!fs::is_directory(status) && !fs::is_regular_file(status)) throw Refusal{"container", "not-a-store", found};  // STO-48
      add(found, fs::is_directory(status));
    }
    return;
  }
  int error = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_RDONLY, &error);
  if (!archive) throw Refusal{"container", "not-a-store", path};  // STO-2, and everything that is no zip
  zip_.reset(archive, zip_discard);
  std::set<std::string> seen;
  for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); i++) {
    const char* raw = zip_get_name(archive, i, ZIP_FL_ENC_RAW);
    if (!raw || !seen.insert(raw).second) throw Refusal{"container", "not-a-store", path};  // STO-4
    zip_stat_t about;
    if (zip_stat_index(archive, i, 0, &about) || (about.comp_method != ZIP_CM_STORE && about.comp_method != ZIP_CM_DEFLATE) ||
        about.encryption_method != ZIP_EM_NONE)
      throw Refusal{"container", "not-a-store", path};  // STO-49
    std::string entry = raw;
    bool isFolder = !entry.empty() && entry.back() == '/';
    if (isFolder) entry.pop_back();
    add(entry, isFolder);
  }
}

std::optional<Bytes> Store::file(const std::string& name) const {
  if (!files_.count(name)) return std::nullopt;
  if (!zip_) {
    std::ifstream in(path_ + "/" + name, std::ios::binary);
    if (!in) fail("cannot read " + name);
    return Bytes(std::istreambuf_iterator<char>(in), {});
  }
  std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> in(zip_fopen(zip_.get(), name.c_str(), ZIP_FL_ENC_RAW), zip_fclose);
  if (!in) fail("cannot read " + name);
  Bytes out, block(1 << 16);
  zip_int64_t n;
  while ((n = zip_fread(in.get(), block.data(), block.size())) > 0) {
    out.insert(out.end(), block.begin(), block.begin() + n);
    if (out.size() > LARGEST) fail("too large");
  }
  if (n < 0) fail("cannot read " + name);
  return out;
}

Store::Store(const std::string& path) : path_(path) {
  Refusal notAStore{"container", "not-a-store", path};
  if (!fs::exists(path)) throw notAStore;
  list(path);
  for (const std::string& name : files_) {
    if (name != "zarr.json" && (name.size() < 10 || name.compare(name.size() - 10, 10, "/zarr.json"))) continue;
    std::string node = name.substr(0, name.size() - std::min(name.size(), size_t(10)));
    json document;
    try {
      document = parse(*file(name));
    } catch (const std::exception&) {
      throw Refusal{"container", "not-a-store", node};  // STO-6
    }
    if (!document.is_object() || document.value("zarr_format", json()) != 3 || (!node.empty() && !safe(node)))
      throw Refusal{"container", "not-a-store", node};  // STO-45
    nodes_[node] = document;
  }
  for (const auto& [node, document] : nodes_)  // STO-50
    if (!node.empty() && !isGroup(node.find('/') == std::string::npos ? "" : node.substr(0, node.rfind('/'))))
      throw Refusal{"container", "not-a-store", node};
  const json* root = nodes_.count("") ? &nodes_[""] : nullptr;
  const json* attributes = root ? find(*root, "attributes") : nullptr;
  const json* deposition = attributes ? find(*attributes, "polystate") : nullptr;
  if (!deposition || !deposition->is_object() || !isGroup("")) throw notAStore;  // STO-1, STO-3
  const std::string version = text(*deposition, "format_version");
  if (version.substr(0, version.find('.')) != "0") throw Refusal{"container", "unsupported-version", "#/format_version"};
  for (std::string layer : {"hierarchy", "hierarchy/atoms", "hierarchy/residues", "hierarchy/chains", "hierarchy/entities",
                            "reference"})
    if (!isGroup(layer)) throw Refusal{"schema", "missing-layer", layer};  // STO-13
  static const std::set<std::string> layers{"hierarchy", "reference", "groupings", "axes", "descriptors", "operators",
                                            "landmarks", "provenance", "annotations"};
  for (const std::string& folder : folders_)
    if (!layers.count(folder)) throw Refusal{"schema", "unknown-layer", folder};  // STO-14
}

static bool hasType(const std::map<std::string, json>& nodes, const std::string& path, const char* type) {
  auto it = nodes.find(path);
  return it != nodes.end() && text(it->second, "node_type") == type;
}

bool Store::isGroup(const std::string& path) const { return hasType(nodes_, path, "group"); }
bool Store::isArray(const std::string& path) const { return hasType(nodes_, path, "array"); }
bool Store::isTable(const std::string& path) const { return isArray(path) && text(payload(path), "media_type") == TABLE; }

json Store::payload(const std::string& path) const {
  const json* attributes = find(nodes_.at(path), "attributes");
  const json* payload = attributes ? find(*attributes, "polystate") : nullptr;
  return payload ? *payload : json::object();
}

std::vector<std::string> Store::children(const std::string& path) const {
  std::vector<std::string> out;
  std::string prefix = path + "/";
  for (auto it = nodes_.lower_bound(prefix); it != nodes_.end() && it->first.rfind(prefix, 0) == 0; ++it)
    if (it->first.find('/', prefix.size()) == std::string::npos) out.push_back(it->first.substr(prefix.size()));
  return out;
}

Shape Store::shape(const std::string& path) const {
  if (!isArray(path)) throw Refusal{"semantic", "missing-array", path};
  try {
    return nodes_.at(path).at("shape").get<Shape>();
  } catch (const std::exception&) {
    throw Refusal{"container", "unreadable-array", path};
  }
}

Array Store::array(const std::string& path) const {
  Array out{"", shape(path), {}};
  try {
    const json& meta = nodes_.at(path);
    checkCodecs(meta.at("codecs"), path);
    out.dtype = meta.at("data_type").get<std::string>();
    Bytes fill = fillValue(meta.at("fill_value"), out.dtype);
    const json& grid = meta.at("chunk_grid");
    if (grid.at("name") != "regular") fail("chunk grid");
    Shape chunk = grid.at("configuration").at("chunk_shape").get<Shape>(), counts = chunkCounts(out.shape, chunk);
    const json& keys = meta.at("chunk_key_encoding");
    bool v2 = name(keys) == "v2";
    if (!v2 && name(keys) != "default") fail("chunk keys");
    const json options = keys.is_object() ? keys.value("configuration", json::object()) : json::object();
    std::string separator = text(options, "separator", v2 ? "." : "/");
    out.bytes = filled(out.shape, fill);  // STO-26: what no chunk overwrites is the fill value
    for (auto it = files_.lower_bound(path + "/"); !out.bytes.empty() && it != files_.end(); ++it) {  // chunks that exist
      if (it->rfind(path + "/", 0) != 0) break;
      std::string rest = it->substr(path.size() + 1), key = v2 ? "" : "c";
      Shape at;
      for (size_t i = 0; i < rest.size();) {
        size_t digits = rest.find_first_not_of("0123456789", i) == std::string::npos ? rest.size() - i
                                                                                       : rest.find_first_not_of("0123456789", i) - i;
        if (digits > 0 && digits < 19 && at.size() < counts.size()) at.push_back(std::stoull(rest.substr(i, digits)));
        i += digits + 1;
      }
      for (size_t i : at) key += (key.empty() ? "" : separator) + std::to_string(i);
      bool inside = at.size() == counts.size() && rest == (key.empty() ? "0" : key);
      for (size_t d = 0; inside && d < at.size(); d++) inside = at[d] < counts[d];
      if (inside)
        paste(out.bytes, out.shape, decode(*file(*it), meta.at("codecs"), chunk, fill), chunk, at, fill.size());
    }
  } catch (const std::exception&) {
    throw Refusal{"container", "unreadable-array", path};  // STO-27, STO-28
  }
  return out;
}

Array Store::array(const std::string& path, const std::set<std::string>& dtypes, const std::vector<int64_t>& shape) const {
  if (!isArray(path) || isTable(path)) throw Refusal{"semantic", "missing-array", path};  // STO-15, STO-38
  Array out = array(path);
  if (!dtypes.count(out.dtype)) throw Refusal{"semantic", "wrong-dtype", path};  // STO-29
  bool fits = out.shape.size() == shape.size();
  for (size_t d = 0; fits && d < shape.size(); d++) fits = shape[d] < 0 || out.shape[d] == size_t(shape[d]);
  if (!fits) throw Refusal{"semantic", "wrong-shape", path};  // STO-30
  return out;
}

// ---------------------------------------------------------------- writing

void Store::write(const std::string& path, bool asZip) const {
  if (fs::exists(path)) throw Refusal{"container", "already-exists", path};  // STO-40
  std::map<std::string, Bytes> files;
  for (const auto& [node, document] : nodes_) {
    std::string prefix = node.empty() ? "" : node + "/";
    json meta = document;
    meta.erase("consolidated_metadata");  // STO-7: it would repeat the encoding that is replaced here
    if (isArray(node)) {  // one chunk, uncompressed, little-endian
      Array a = array(node);
      Shape chunk = a.shape;
      std::string key = "c";
      for (size_t& s : chunk) {
        s = std::max(s, size_t(1));
        key += "/0";
      }
      bool single = withType(a.dtype, [](auto zero) { return sizeof(zero) == 1; });
      meta["chunk_grid"] = {{"name", "regular"}, {"configuration", {{"chunk_shape", chunk}}}};
      meta["chunk_key_encoding"] = {{"name", "default"}, {"configuration", {{"separator", "/"}}}};
      json bytes = {{"name", "bytes"}};
      if (!single) bytes["configuration"] = {{"endian", "little"}};
      meta["codecs"] = json::array({bytes});
      meta.erase("storage_transformers");
      if (!a.bytes.empty()) files[prefix + key] = a.bytes;
    }
    std::string dump = meta.dump(1);
    files[prefix + "zarr.json"] = Bytes(dump.begin(), dump.end());
  }
  // STO-39: under another name first.
  fs::path temporary = fs::path(path).parent_path() / ("." + fs::path(path).filename().string() + ".new");
  fs::remove_all(temporary);
  if (asZip) {
    zip_t* archive = zip_open(temporary.c_str(), ZIP_CREATE | ZIP_EXCL, nullptr);
    if (!archive) fail("cannot write " + path);
    for (const auto& [name, bytes] : files) {
      zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
      zip_int64_t i = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
      if (i < 0 || zip_set_file_compression(archive, i, ZIP_CM_STORE, 0)) fail("cannot write " + path);  // STO-5
    }
    if (zip_close(archive)) fail("cannot write " + path);
  } else {
    for (const auto& [name, bytes] : files) {
      fs::create_directories((temporary / name).parent_path());
      std::ofstream file(temporary / name, std::ios::binary);
      file.write(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      if (!file.flush()) fail("cannot write " + name);
    }
  }
  fs::rename(temporary, path);
}

}  // namespace polystate
