// A Polystate store (chapter 1), its arrays and Arrow tables, and the evaluation of covariances.
#pragma once
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

struct zip;

namespace polystate {

using json = nlohmann::json;
using Bytes = std::vector<uint8_t>;
using Shape = std::vector<size_t>;

// An error of chapter 17, and the answer of an implementation that lacks something (ADA-1).
struct Refusal { std::string stage, code, where; };
struct Unsupported { std::string what; };

// Calls f with a value of the C++ type of a Zarr data type; STO-28 has the list.
template <class F> auto withType(const std::string& dtype, F f) -> decltype(f(double{})) {
  if (dtype == "bool" || dtype == "uint8") return f(uint8_t{});
  if (dtype == "int8") return f(int8_t{});
  if (dtype == "int16") return f(int16_t{});
  if (dtype == "int32") return f(int32_t{});
  if (dtype == "int64") return f(int64_t{});
  if (dtype == "uint16") return f(uint16_t{});
  if (dtype == "uint32") return f(uint32_t{});
  if (dtype == "uint64") return f(uint64_t{});
  if (dtype == "float32") return f(float{});
  if (dtype == "float64") return f(double{});
  throw std::runtime_error("data type " + dtype);
}

// Elements in C order, little-endian (this program runs on little-endian machines only).
struct Array {
  std::string dtype;
  Shape shape;
  Bytes bytes;

  template <class T> std::vector<T> as() const {
    return withType(dtype, [&](auto zero) {
      using S = decltype(zero);
      std::vector<T> out(bytes.size() / sizeof(S));
      for (size_t i = 0; i < out.size(); i++) {
        S element;
        std::memcpy(&element, &bytes[i * sizeof(S)], sizeof(S));
        out[i] = static_cast<T>(element);
      }
      return out;
    });
  }
};

// A column of a table: numbers, or text.
struct Column { Array numbers; std::vector<std::string> text; bool isText = false; };

struct Table {
  std::string path;
  std::map<std::string, Column> columns;

  const Column& column(const std::string& name) const;
  const std::vector<std::string>& text(const std::string& name) const;
  template <class T> std::vector<T> numbers(const std::string& name, const std::string& dtype) const {
    const Column& c = column(name);
    if (c.isText || c.numbers.dtype != dtype) throw Refusal{"semantic", "wrong-dtype", path + "/" + name};  // STO-37
    return c.numbers.as<T>();
  }
};

// The value of a key; a null counts as absent (DSC-3).
const json* find(const json& object, const std::string& key);
std::string text(const json& object, const std::string& key, const std::string& otherwise = "");

class Store {
 public:
  explicit Store(const std::string& path);

  bool isZip() const { return zip_ != nullptr; }
  bool isGroup(const std::string& path) const;
  bool isArray(const std::string& path) const;
  bool isTable(const std::string& path) const;  // an array with the media type of STO-32
  const std::map<std::string, json>& nodes() const { return nodes_; }
  json payload(const std::string& path) const;  // STO-8, STO-9
  std::vector<std::string> groups(const std::string& path) const;  // those in a group, ascending
  Shape shape(const std::string& path) const;

  Array array(const std::string& path) const;
  Table table(const std::string& path) const;
  // An array that has to be there with one of these types and this shape; -1 stands for any length.
  Array array(const std::string& path, const std::set<std::string>& dtypes, const std::vector<int64_t>& shape) const;

  // Writes all nodes anew (STO-5, STO-21, STO-24).
  void write(const std::string& path, bool asZip) const;

 private:
  std::optional<Bytes> file(const std::string& name) const;
  void list(const std::string& path);

  std::string path_;
  std::shared_ptr<zip> zip_;
  std::set<std::string> files_, folders_;  // names of files, and of folders at the top
  std::map<std::string, json> nodes_;      // path of a node to its zarr.json
};

// The columns of an Arrow IPC file (1.6).
Table readTable(const std::string& path, const Bytes& bytes);

// Operators of this implementation and their content hashes.
const std::map<std::string, std::string>& operators();
// Whether the registry has an operator.
bool isKnown(const std::string& operatorId);

// Outputs of an `evaluate` request: JSON values, and arrays by name.
struct Evaluated { json values = json::object(); std::map<std::string, Array> arrays; };
Evaluated evaluate(const Store& store, const json& request);

}  // namespace polystate
