#include <zip.h>

#include <filesystem>
#include <fstream>

#include "chunks.h"

namespace polystate {
namespace fs = std::filesystem;

const std::string TABLE = "application/vnd.apache.arrow.file";  // STO-32

const json* find(const json& object, const std::string& key) {
  if (!object.is_object()) return nullptr;
  auto it = object.find(key);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

std::string text(const json& object, const std::string& key, const std::string& otherwise) {
  const json* value = find(object, key);
  return value && value->is_string() ? value->get<std::string>() : otherwise;
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

std::vector<std::string> Store::groups(const std::string& path) const {
  std::vector<std::string> out;
  std::string prefix = path + "/";
  for (auto it = nodes_.lower_bound(prefix); it != nodes_.end() && it->first.rfind(prefix, 0) == 0; ++it)
    if (it->first.find('/', prefix.size()) == std::string::npos && isGroup(it->first)) out.push_back(it->first.substr(prefix.size()));
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
    if (meta.value("storage_transformers", json::array()) != json::array()) fail("storage transformers");
    out.dtype = meta.at("data_type").get<std::string>();
    Bytes fill = fillValue(meta.at("fill_value"), out.dtype);
    const json& grid = meta.at("chunk_grid");
    if (grid.at("name") != "regular") fail("chunk grid");
    Shape chunk = grid.at("configuration").at("chunk_shape").get<Shape>(), counts = chunkCounts(out.shape, chunk);
    checkCodecs(meta.at("codecs"), path, chunk);
    const json& keys = meta.at("chunk_key_encoding");
    bool v2 = name(keys) == "v2";
    if (!v2 && name(keys) != "default") fail("chunk keys");
    std::string separator = choice(settings(keys), "separator", v2 ? "." : "/", v2 ? "/" : ".");
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

// STO-11: an integer that readers round is not written, and STO-10 keeps what is there.
static void refuseLarge(const json& value, const std::string& where) {
  if (value.is_structured())
    for (const auto& [key, below] : value.items()) refuseLarge(below, where + "/" + key);
  constexpr int64_t most = (int64_t{1} << 53) - 1;
  if (value.is_number_unsigned() ? value.get<uint64_t>() > uint64_t{most}
                                 : value.is_number_integer() && value.get<int64_t>() < -most)
    throw Refusal{"schema", "schema-violation", where};
}

void Store::write(const std::string& path, bool asZip) const {
  for (const auto& [node, document] : nodes_) refuseLarge(payload(node), node + "#");
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
