// The adapter protocol (19.2): one JSON object a line in, one out; arrays as .npy files.
#include <cmath>
#include <fstream>
#include <functional>
#include <iostream>

#include "polystate.h"

using namespace polystate;

// NumPy format 1.0: magic, version, length of the header, the header padded with spaces to a multiple of 64, the elements.
static json writeNpy(const Array& a, const std::string& folder, size_t number) {
  static const std::map<std::string, std::string> codes{
      {"bool", "|b1"},  {"int8", "|i1"},   {"int16", "<i2"},  {"int32", "<i4"},  {"int64", "<i8"},  {"uint8", "|u1"},
      {"uint16", "<u2"}, {"uint32", "<u4"}, {"uint64", "<u8"}, {"float32", "<f4"}, {"float64", "<f8"}};
  std::string shape;
  for (size_t n : a.shape) shape += std::to_string(n) + (a.shape.size() == 1 ? "," : ", ");
  if (a.shape.size() > 1) shape.resize(shape.size() - 2);
  std::string header = "{'descr': '" + codes.at(a.dtype) + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string name = "a" + std::to_string(number) + ".npy";
  std::ofstream out(folder + "/" + name, std::ios::binary);
  out << std::string("\x93NUMPY\x01\x00", 8) << char(header.size() & 255) << char(header.size() >> 8) << header;
  out.write(reinterpret_cast<const char*>(a.bytes.data()), a.bytes.size());
  if (!out.flush()) throw std::runtime_error("cannot write " + name);
  return {{"file", name}, {"dtype", a.dtype}, {"shape", a.shape}};
}

static size_t rowsOf(const Store& store, const std::string& path) {
  Shape shape = store.shape(path);
  if (shape.size() != 1) throw Refusal{"semantic", "wrong-shape", path};
  return shape[0];
}

// A column of a table, or a text column of the hierarchy as text (2.2); null is the code -1.
static json column(const Store& store, const std::string& path, const std::function<json(const Array&)>& give) {
  size_t slash = path.rfind('/');
  std::string parent = path.substr(0, slash == std::string::npos ? 0 : slash), name = path.substr(slash + 1);
  if (store.isTable(parent)) {
    const Table table = store.table(parent);
    if (!table.columns.count(name)) throw Refusal{"evaluate", "bad-request", "columns"};  // ERR-10
    const Column& c = table.column(name);
    if (!c.isText && c.numbers.dtype.empty()) throw Refusal{"semantic", "wrong-dtype", path};
    return c.isText ? json(c.text) : give(c.numbers);
  }
  if (!store.isGroup(parent) || !store.isArray(path)) throw Refusal{"evaluate", "bad-request", "columns"};
  json payload = store.payload(parent);
  const json* vocabularies = find(payload, "vocabularies");
  const json* words = vocabularies ? find(*vocabularies, name) : nullptr;
  if (!words) throw Refusal{"evaluate", "bad-request", "columns"};
  json out = json::array();
  for (int64_t code : store.array(path, {"int32"}, {-1}).as<int64_t>()) {
    if (code < -1 || code >= int64_t(words->size())) throw Refusal{"semantic", "dangling-row", path};  // HIE-10
    out.push_back(code < 0 ? json() : (*words)[code]);
  }
  return out;
}

static json describe(const Store& store, const json& request, const std::function<json(const Array&)>& give) {
  json ok = json::object();
  for (const auto& [key, values] : request.items()) {
    for (const json& value : values) {
      const std::string v = value;
      if (key == "arrays") {
        if (!store.isArray(v)) throw Refusal{"evaluate", "bad-request", key};
        Array array = store.array(v);
        if (v == "reference/x_ref")
          for (double x : array.as<double>())
            if (!std::isfinite(x)) throw Refusal{"semantic", "non-finite", v};  // STO-31
        ok["array:" + v] = give(array);
      } else if (key == "columns") {
        ok["column:" + v] = column(store, v, give);
      } else if (key == "attributes") {
        if (!store.nodes().count(v)) throw Refusal{"evaluate", "bad-request", key};
        ok["attribute:" + v] = store.payload(v);
      } else if (key == "outputs" && v == "counts") {
        bool bonds = store.isGroup("hierarchy/bonds");
        ok[v] = {{"atoms", rowsOf(store, "hierarchy/atoms/atom_id")},
                 {"residues", rowsOf(store, "hierarchy/residues/chain")},
                 {"chains", rowsOf(store, "hierarchy/chains/entity")},
                 {"entities", rowsOf(store, "hierarchy/entities/type")},
                 {"bonds", bonds ? rowsOf(store, "hierarchy/bonds/atom_a") : 0}};
      } else if (key == "outputs" && v == "descriptors") {
        ok[v] = json::array();
        for (const std::string& id : store.groups("descriptors")) {
          json payload = store.payload("descriptors/" + id), entry;
          for (auto field : {"id", "regime", "mode", "scope", "signal_type", "algebra"})
            if (const json* known = find(payload, field)) entry[field] = *known;
          ok[v].push_back(entry);
        }
      } else if (key == "outputs" && v == "axes") {
        ok[v] = json::array();
        for (const std::string& name : store.groups("axes")) {
          json payload = store.payload("axes/" + name);
          const json* length = find(payload, "length");
          if (!length || !length->is_number_integer()) throw Refusal{"schema", "schema-violation", "axes/" + name};  // AXI-1
          ok[v].push_back({{"name", name}, {"length", *length}});
        }
      } else {
        throw Refusal{"evaluate", "bad-request", key};  // ERR-7
      }
    }
  }
  return ok;
}

static json run(const json& message) {
  const std::string kind = message.at("kind"), profile = message.at("profile"), folder = message.at("out_dir");
  const json& request = message.at("request");
  if (profile != "read" && profile != "gaussian") throw Unsupported{kind};  // ADA-1
  if (kind != "describe" && kind != "round_trip" && kind != "evaluate") throw Unsupported{kind};
  size_t arrays = 0;
  auto give = [&](const Array& a) { return writeNpy(a, folder, arrays++); };
  Store store(message.at("deposition").get<std::string>());
  if (kind == "describe") return describe(store, request, give);
  if (kind == "round_trip") {
    if (request.contains("mode")) throw Unsupported{"mode"};
    bool asZip = text(request, "container", store.isZip() ? "zip" : "directory") == "zip";
    std::string name = asZip ? "store.zarr.zip" : "store.zarr";
    store.write(folder + "/" + name, asZip);
    return {{"store", {{"file", name}}}};
  }
  Evaluated evaluated = evaluate(store, request);
  for (const auto& [name, array] : evaluated.arrays) evaluated.values[name] = give(array);
  return evaluated.values;
}

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    json message = json::parse(line, nullptr, false), answer;
    std::string command = message.is_discarded() ? "" : text(message, "cmd");
    if (command == "stop") break;
    if (command == "hello") {
      answer = {{"protocol", 1}, {"name", "polystate-cpp"}, {"version", "0.1.0"}, {"language", "C++17"},
                {"profiles", {"read", "gaussian"}}, {"operators", operators()}, {"devices", {"cpu"}}};
    } else if (command == "run") {
      answer["seq"] = message["seq"];
      try {
        answer["ok"] = run(message);
      } catch (const Refusal& r) {
        answer["rejected"] = {{"stage", r.stage}, {"code", r.code}, {"where", r.where}};
      } catch (const Unsupported& u) {
        answer["unsupported"] = {{"profile", message["profile"]}, {"what", u.what}};
      } catch (const std::exception& e) {
        answer["error"] = {{"message", e.what()}};
      }
    } else {
      std::cerr << "not understood: " << line << "\n";
      continue;
    }
    std::cout << answer.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
  }
}
