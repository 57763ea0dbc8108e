// A request of the kind `evaluate`. Means belong to other profiles; the one of a deposition in which nothing moves is given.
#include <algorithm>

#include "evaluator.h"

namespace polystate {

const std::map<std::string, std::string>& operators() {
  static const std::map<std::string, std::string> known{
#include "operators.inc"
  };
  return known;
}

bool isKnown(const std::string& operatorId) {
  static const std::set<std::string> ids{
#include "registry.inc"
  };
  return ids.count(operatorId);
}

Evaluated Evaluator::run(const json& request) {
  auto bad = [](const std::string& key) { throw Refusal{"evaluate", "bad-request", key}; };  // ERR-7
  static const std::set<std::string> keys{"outputs", "state", "at", "atoms", "components", "descriptors", "list", "strict"};
  static const std::set<std::string> mine{"mean", "present", "covariance", "covariance_by_level", "levels", "warnings", "default",
                                          "state"};
  for (const auto& [key, value] : request.items())
    if (!keys.count(key)) bad(key);
  std::set<std::string> outputs = request.at("outputs").get<std::set<std::string>>();
  if (request.contains("descriptors") && !outputs.count("covariance") && !outputs.count("covariance_by_level") &&
      !outputs.count("levels")) bad("descriptors");
  if (request.contains("list") && !outputs.count("states")) bad("list");
  for (const std::string& output : outputs)
    if (!mine.count(output)) {
      if (output == "count" || output == "states") throw Unsupported{output};
      bad("outputs");
    }
  if (request.value("strict", false)) throw Unsupported{"strict"};
  if (request.contains("components"))
    for (const auto& [id, values] : request.at("components").items())
      if (!descriptors_.count(id) || (descriptors_[id].operatorId.rfind("basis/", 0) &&
                                      descriptors_[id].operatorId.rfind("neural_decoder/", 0))) bad("components");

  Indices at, none;
  if (request.contains("at"))
    for (const auto& [axis, index] : request.at("at").items()) {
      if (!axes_.count(axis)) throw Refusal{"semantic", "unknown-axis", "at"};  // AXI-5
      if (!index.is_number_integer() || index < 0 || index >= axes_[axis])
        throw Refusal{"evaluate", "axis-index", "at"};  // AXI-4
      at[axis] = index;
    }
  std::vector<int64_t> wanted = nodeOf_["atom"];
  if (request.contains("atoms")) {
    wanted.clear();
    for (const json& id : request.at("atoms")) {
      if (!id.is_number_integer()) bad("atoms");
      if (!rowOf_.count(id)) throw Refusal{"evaluate", "atom-not-found", "atoms"};  // ERR-9
      int64_t row = rowOf_[id];
      if (!wanted.empty() && row <= wanted.back()) bad("atoms");
      wanted.push_back(row);
    }
  }
  JointState joint = choose(request.value("state", json::object()), at);

  Levels levels;  // STK-6: by number of labels, then id
  std::set<std::string> named;
  if (request.contains("descriptors")) named = request.at("descriptors").get<std::set<std::string>>();
  for (const std::string& id : named)
    if (!descriptors_.count(id) || descriptors_[id].signal != "gaussian_disorder") bad("descriptors");  // STK-10
  for (const auto& [id, d] : descriptors_)
    if (d.signal == "gaussian_disorder" && (!request.contains("descriptors") || named.count(id)))  // STK-8
      levels.emplace_back(scope(d).labels, id);
  std::sort(levels.begin(), levels.end());

  Evaluated out;
  auto store = [&](const std::string& name, const std::string& dtype, Shape shape, const void* data, size_t bytes) {
    Array a{dtype, std::move(shape), Bytes(bytes)};
    if (bytes) std::memcpy(a.bytes.data(), data, bytes);
    out.arrays[name] = std::move(a);
  };
  if (outputs.count("state")) out.values["state"] = written(joint);
  if (outputs.count("default")) out.values["default"] = written(choose(json::object(), none));
  if (outputs.count("levels")) {
    out.values["levels"] = json::array();
    for (const auto& level : levels) out.values["levels"].push_back(level.second);
  }
  if (outputs.count("present")) {
    std::vector<uint8_t> all = presence(joint, at), chosen;
    for (int64_t row : wanted) chosen.push_back(all[row]);
    store("present", "bool", {chosen.size()}, chosen.data(), chosen.size());
  }
  if (outputs.count("mean")) {  // only where nothing moves: MEAN-2
    for (const auto& [id, d] : descriptors_)
      if (d.signal != "gaussian_disorder" && d.signal != "unknown" && d.operatorId != "identity/noop_v1" && active(d, joint))
        throw Unsupported{"mean with " + d.path};
    std::vector<double> chosen;
    for (int64_t row : wanted) chosen.insert(chosen.end(), &xRef_[3 * row], &xRef_[3 * row] + 3);
    store("mean", "float64", {wanted.size(), 3}, chosen.data(), chosen.size() * sizeof(double));
  }
  json warnings = json::array();
  if (outputs.count("covariance") || outputs.count("covariance_by_level")) {
    std::vector<std::vector<M3>> byLevel;
    refuseUnknown(levels, wanted, joint);
    for (const auto& level : levels) byLevel.push_back(covariance(descriptors_[level.second], joint, at));
    transform(byLevel, joint, at);
    std::vector<M3> total, each;
    for (int64_t row : wanted) {
      M3 sum = ZERO;
      for (const auto& u : byLevel) sum = sum + u[row];  // COV-1, STK-9
      total.push_back(sum);
      if (!passes(sum))  // COV-9, COV-14; never a single level (COV-13)
        warnings.push_back({{"stage", "evaluate"}, {"code", "not-positive-semidefinite"},
                            {"where", "hierarchy/atoms[" + std::to_string(row) + "]"}});
    }
    for (const auto& u : byLevel)
      for (int64_t row : wanted) each.push_back(u[row]);
    if (outputs.count("covariance"))
      store("covariance", "float64", {wanted.size(), 3, 3}, total.data(), total.size() * sizeof(M3));
    if (outputs.count("covariance_by_level"))
      store("covariance_by_level", "float64", {levels.size(), wanted.size(), 3, 3}, each.data(), each.size() * sizeof(M3));
  }
  if (outputs.count("warnings")) out.values["warnings"] = warnings;
  return out;
}

Evaluated evaluate(const Store& store, const json& request) { return Evaluator(store).run(request); }

}  // namespace polystate
