// Hierarchy, groupings, axes, descriptors and their states, read for an evaluation (chapters 2 to 5, 11).
#include <algorithm>

#include "evaluator.h"

namespace polystate {

std::vector<int64_t> Evaluator::column(const std::string& path, const char* dtype) const {
  return store_.array(path, {dtype}, {-1}).as<int64_t>();
}

Evaluator::Evaluator(const Store& store) : store_(store) {
  atomIds_ = column("hierarchy/atoms/atom_id", "uint32");
  size_t n = atomIds_.size();
  for (size_t i = 0; i < n; i++)
    if (!rowOf_.emplace(atomIds_[i], i).second) throw Refusal{"semantic", "duplicate-id", "hierarchy/atoms/atom_id"};
  // From the rows of one level to those of the level above: column `path`, whose values are rows of column `above`.
  auto climb = [&](const std::vector<int64_t>& from, const std::string& path, const std::string& above, int64_t least) {
    std::vector<int64_t> parents = column(path, "int32"), out;
    Shape shape = store.shape(above);
    for (int64_t parent : parents)  // HIE-4, HIE-5
      if (parent < least || shape.size() != 1 || parent >= int64_t(shape[0])) throw Refusal{"semantic", "dangling-row", path};
    for (int64_t row : from) {
      if (row >= int64_t(parents.size())) throw Refusal{"semantic", "wrong-shape", path};  // HIE-1
      out.push_back(parents[row]);
    }
    return out;
  };
  nodes_ = {{"deposition", 1}, {"atom", n}};
  for (auto [level, path] : {std::pair("entity", "hierarchy/entities/type"), std::pair("chain", "hierarchy/chains/entity"),
                             std::pair("residue", "hierarchy/residues/chain")}) {
    Shape shape = store.shape(path);
    nodes_[level] = shape.size() == 1 ? shape[0] : 0;
  }
  auto& atoms = nodeOf_["atom"];
  for (size_t i = 0; i < n; i++) atoms.push_back(i);
  nodeOf_["deposition"].assign(n, 0);
  nodeOf_["residue"] = climb(atoms, "hierarchy/atoms/residue", "hierarchy/residues/chain", 0);
  nodeOf_["chain"] = climb(nodeOf_["residue"], "hierarchy/residues/chain", "hierarchy/chains/entity", 0);
  nodeOf_["entity"] = climb(nodeOf_["chain"], "hierarchy/chains/entity", "hierarchy/entities/type", -1);
  xRef_ = store.array("reference/x_ref", {"float32", "float64"}, {int64_t(n), 3}).as<double>();
  for (const std::string& name : store.groups("axes")) {
    json payload = store.payload("axes/" + name);
    const json* length = find(payload, "length");
    if (!length || !length->is_number_integer() || *length < 1) throw Refusal{"schema", "schema-violation", "axes/" + name};
    axes_[name] = *length;
  }
  for (const std::string& id : store.groups("descriptors")) {
    std::string path = "descriptors/" + id;
    Descriptor d;
    d.id = id;
    d.path = path;
    d.document = store.payload(path);
    d.regime = text(d.document, "regime");
    d.mode = text(d.document, "mode");
    d.signal = text(d.document, "signal_type");
    d.sampleAxis = text(d.document, "sample_axis");
    d.stateAxis = text(d.document, "state_axis");
    if (const json* o = find(d.document, "operator")) d.operatorId = text(*o, "id");
    if (const json* a = find(d.document, "active_when")) {
      if (!a->is_number_integer() || *a < -1) throw Refusal{"schema", "schema-violation", path + "#/active_when"};
      d.activeWhen = *a;
    }
    if (text(d.document, "id") != id) throw Refusal{"semantic", "duplicate-id", path + "#/id"};  // STO-18
    for (const std::string& axis : {d.sampleAxis, d.stateAxis})
      if (!axis.empty() && !axes_.count(axis)) throw Refusal{"semantic", "unknown-axis", path};  // DSC-45
    if (store.isArray(path + "/conditions")) {
      Table t = store.table(path + "/conditions");
      auto number = t.numbers<int64_t>("condition", "int32"), site = t.numbers<int64_t>("site", "int32"),
           state = t.numbers<int64_t>("state", "int32");
      const auto& parent = t.text("parent");
      for (size_t r = 0; r < number.size(); r++) d.conditions[number[r]][{parent[r], site[r]}].insert(state[r]);
    }
    if (d.activeWhen >= 0 && !d.conditions.count(d.activeWhen))
      throw Refusal{"semantic", "dangling-row", path + "#/active_when"};  // DAG-6
    if (d.regime == "discrete") readStates(d);
    descriptors_[id] = d;
  }
  for (const auto& [id, d] : descriptors_)  // DAG-7
    for (const auto& [number, condition] : d.conditions)
      for (const auto& [key, states] : condition)
        for (int64_t state : states)
          if (!variables_.count(key) || !variables_[key].labels.count(state))
            throw Refusal{"semantic", "unknown-state", d.path + "/conditions"};
  orderVariables();
}

void Evaluator::readStates(Descriptor& d) {
  const json* derived = find(d.document, "derived_from");
  const json* function = derived ? find(*derived, "operator") : nullptr;
  if (function && !store_.isArray(d.path + "/states")) throw Unsupported{text(*function, "id")};  // DRV-3: not computed here
  Table t = store_.table(d.path + "/states");
  auto site = t.numbers<int64_t>("site", "int32"), state = t.numbers<int64_t>("state", "int32"),
       condition = t.numbers<int64_t>("condition", "int32");
  auto population = t.numbers<double>("population", "float64");
  const auto& label = t.text("label");
  for (size_t r = 0; r < site.size(); r++) {
    Variable& v = variables_[{d.id, site[r]}];
    v.key = {d.id, site[r]};
    v.rows.push_back({state[r], condition[r], population[r]});
    if (v.labels.emplace(state[r], label[r]).second) d.pairs.emplace_back(site[r], state[r]);
    if (condition[r] != -1 && !d.conditions.count(condition[r]))
      throw Refusal{"semantic", "dangling-row", t.path + "/condition"};  // DAG-6
    for (int64_t number : {condition[r], d.activeWhen})  // the edges of 5.2
      if (number >= 0)
        for (const auto& [parent, states] : d.conditions[number]) v.parents.insert(parent);
  }
}

// 5.2: by depth, then descriptor id, then site. The keys of `variables_` are in the order of id and site already.
void Evaluator::orderVariables() {
  std::map<VariableKey, std::vector<VariableKey>> children;
  std::map<VariableKey, size_t> waiting;
  std::vector<VariableKey> ready;
  for (const auto& [key, v] : variables_) {
    for (const VariableKey& parent : v.parents) children[parent].push_back(key);
    if (!(waiting[key] = v.parents.size())) ready.push_back(key);
  }
  for (size_t i = 0; i < ready.size(); i++)
    for (const VariableKey& child : children[ready[i]]) {
      Variable& v = variables_[child];
      v.depth = std::max(v.depth, variables_[ready[i]].depth + 1);
      if (!--waiting[child]) ready.push_back(child);
    }
  for (const auto& [key, parents] : waiting)
    if (parents) throw Refusal{"semantic", "scope-cycle", "descriptors/" + key.first + "/conditions"};  // DAG-11
  for (const auto& [key, v] : variables_) order_.push_back(&v);
  std::stable_sort(order_.begin(), order_.end(), [](auto a, auto b) { return a->depth < b->depth; });
}

// 3.2
Scope Evaluator::scope(const Descriptor& d) const {
  const json* s = find(d.document, "scope");
  std::string where = d.path + "#/scope", level = s ? text(*s, "level") : "", grouping = s ? text(*s, "grouping") : "";
  if (grouping.empty()) {
    if (!nodes_.count(level)) throw Refusal{"schema", "schema-violation", where};
    return {nodes_.at(level), nodeOf_.at(level)};
  }
  std::string path = "groupings/" + grouping;
  if (!store_.isGroup(path)) throw Refusal{"semantic", "unknown-grouping", where};                             // GRP-11
  if (store_.isArray(path + "/weight")) throw Refusal{"semantic", "weights-refused", path + "/weight"};        // GRP-13
  json payload = store_.payload(path);
  std::string childLevel = text(payload, "child_level");
  const json* labels = find(payload, "labels");
  bool hasLabels = labels && labels->is_array(), hasLabel = store_.isArray(path + "/label");
  if (!nodes_.count(childLevel) || childLevel == "deposition" || hasLabels == hasLabel)  // GRP-1
    throw Refusal{"schema", "schema-violation", path};
  Scope out;
  out.labels = hasLabels ? labels->size() : column(path + "/label", "int32").size();
  auto child = column(path + "/child", "int32"), parent = column(path + "/parent", "int32");
  if (child.size() != parent.size()) throw Refusal{"semantic", "wrong-shape", path};                           // GRP-2
  std::vector<int64_t> labelOf(nodes_.at(childLevel), -1);
  for (size_t e = 0; e < child.size(); e++) {
    if (child[e] < 0 || child[e] >= int64_t(labelOf.size())) throw Refusal{"semantic", "dangling-row", path + "/child"};
    if (parent[e] < 0 || parent[e] >= out.labels) throw Refusal{"semantic", "dangling-row", path + "/parent"};
    if (labelOf[child[e]] >= 0) throw Refusal{"semantic", "not-a-partition", path + "/child"};                 // GRP-12
    labelOf[child[e]] = parent[e];
  }
  for (int64_t node : nodeOf_.at(childLevel))
    out.ofAtom.push_back(node < 0 ? -1 : labelOf[node]);  // an atom of a chain without entity has no node (2.6)
  return out;
}

}  // namespace polystate
