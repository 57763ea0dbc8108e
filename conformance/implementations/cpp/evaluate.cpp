// Joint states (chapter 5), presence (7.5) and covariances (chapters 6 and 8), with what acts on them: axes (11), offsets and
// atom identity (12), transforms (7.3). Means belong to other profiles; the one of a deposition in which nothing moves is given.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "polystate.h"

namespace polystate {

const std::map<std::string, std::string>& operators() {
  static const std::map<std::string, std::string> known{
#include "operators.inc"
  };
  return known;
}

// ---------------------------------------------------------------- 3 × 3 matrices

using V3 = std::array<double, 3>;
using M3 = std::array<V3, 3>;
const M3 ZERO{}, UNIT{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};

static M3 elements(const std::function<double(int, int)>& f) {
  M3 m;
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) m[i][j] = f(i, j);
  return m;
}
static M3 operator*(const M3& a, const M3& b) {
  return elements([&](int i, int j) { return a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j]; });
}
static M3 operator+(const M3& a, const M3& b) { return elements([&](int i, int j) { return a[i][j] + b[i][j]; }); }
static M3 operator*(double s, const M3& a) { return elements([&](int i, int j) { return s * a[i][j]; }); }
static M3 transposed(const M3& a) { return elements([&](int i, int j) { return a[j][i]; }); }
static M3 turned(const M3& u, const M3& r) {  // R U R^T, exactly symmetric (COV-3)
  M3 m = r * u * transposed(r);
  return elements([&](int i, int j) { return m[std::min(i, j)][std::max(i, j)]; });
}
static M3 symmetric(const double* u) {  // 11, 22, 33, 12, 13, 23
  return {{{u[0], u[3], u[4]}, {u[3], u[1], u[5]}, {u[4], u[5], u[2]}}};
}

// 8.5: smallest and largest eigenvalue of a symmetric matrix by the trigonometric formula.
static bool passes(const M3& u) {
  double q = (u[0][0] + u[1][1] + u[2][2]) / 3, p = 0;
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) p += std::pow(u[i][j] - (i == j ? q : 0), 2) / 6;
  p = std::sqrt(p);
  if (p == 0) return q >= -(1e-6 * std::max(q, 0.0) + 1e-6);
  M3 b = (1 / p) * (u + (-q) * UNIT);
  double det = b[0][0] * (b[1][1] * b[2][2] - b[1][2] * b[2][1]) - b[0][1] * (b[1][0] * b[2][2] - b[1][2] * b[2][0]) +
               b[0][2] * (b[1][0] * b[2][1] - b[1][1] * b[2][0]);
  double angle = std::acos(std::clamp(det / 2, -1.0, 1.0)) / 3, third = 2 * std::acos(-1.0) / 3;
  double largest = q + 2 * p * std::cos(angle), smallest = q + 2 * p * std::cos(angle + third);
  return smallest >= -(1e-6 * std::max(largest, 0.0) + 1e-6);
}

static M3 rotation(const double* quaternion, const std::string& path) {  // 7.2; MEAN-11
  double w = quaternion[0], x = quaternion[1], y = quaternion[2], z = quaternion[3];
  double norm = std::sqrt(w * w + x * x + y * y + z * z);
  if (!(std::abs(norm - 1) <= 1e-6)) throw Refusal{"semantic", "quaternion-norm", path};  // MEAN-10
  w /= norm, x /= norm, y /= norm, z /= norm;
  return {{{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
           {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
           {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)}}};
}

// ---------------------------------------------------------------- the deposition

using VariableKey = std::pair<std::string, int64_t>;           // descriptor and site
using JointState = std::map<VariableKey, int64_t>;             // active variables only
using Condition = std::map<VariableKey, std::set<int64_t>>;    // clauses: OR within one, AND across (DAG-1, DAG-3)
using Indices = std::map<std::string, int64_t>;                // axis to step

struct Scope { int64_t labels = 0; std::vector<int64_t> ofAtom; };  // -1: no label

struct Descriptor {
  std::string id, path, regime, mode, signal, operatorId, sampleAxis, stateAxis;
  json document;
  int64_t activeWhen = -1;
  std::map<int64_t, Condition> conditions;
  std::vector<std::pair<int64_t, int64_t>> pairs;  // distinct (site, state) in the order of `states`
};

struct StateRow { int64_t state, condition; double population; };

struct Variable {
  VariableKey key;
  std::vector<StateRow> rows;
  std::map<int64_t, std::string> labels;
  std::set<VariableKey> parents;
  int64_t depth = 0;
};

class Evaluator {
 public:
  explicit Evaluator(const Store& store);
  Evaluated run(const json& request);

 private:
  void readStates(Descriptor& d);
  void orderVariables();
  Scope scope(const Descriptor& d) const;
  std::vector<int64_t> column(const std::string& path, const char* dtype) const;

  bool holds(const Descriptor& d, int64_t condition, const JointState& joint) const;
  bool active(const Descriptor& d, const JointState& joint) const { return holds(d, d.activeWhen, joint); }
  JointState choose(const json& wanted, Indices& at) const;
  json written(const JointState& joint) const;

  std::vector<int64_t> rows(const Descriptor& d, const std::vector<int64_t>& ids) const;
  size_t step(const Descriptor& d, const Indices& at) const;
  std::vector<uint8_t> presence(const JointState& joint, const Indices& at) const;
  std::vector<M3> covariance(const Descriptor& d, const JointState& joint, const Indices& at) const;
  void transform(std::vector<std::vector<M3>>& levels, const JointState& joint, const Indices& at) const;

  const Store& store_;
  std::vector<int64_t> atomIds_;
  std::map<int64_t, int64_t> rowOf_;
  std::map<std::string, std::vector<int64_t>> nodeOf_;  // level to the node of each atom
  std::map<std::string, int64_t> nodes_;                // level to its number of nodes
  std::vector<double> xRef_;
  Indices axes_;  // axis to length
  std::map<std::string, Descriptor> descriptors_;
  std::map<VariableKey, Variable> variables_;
  std::vector<const Variable*> order_;
};

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
  for (const std::string& name : store.children("axes")) {
    json payload = store.payload("axes/" + name);
    const json* length = find(payload, "length");
    if (!length || !length->is_number_integer() || *length < 1) throw Refusal{"schema", "schema-violation", "axes/" + name};
    axes_[name] = *length;
  }
  for (const std::string& id : store.children("descriptors")) {
    std::string path = "descriptors/" + id;
    if (!store.isGroup(path)) continue;
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

// ---------------------------------------------------------------- joint states

bool Evaluator::holds(const Descriptor& d, int64_t condition, const JointState& joint) const {
  if (condition == -1) return true;
  auto clauses = d.conditions.find(condition);
  if (clauses == d.conditions.end()) throw Refusal{"semantic", "dangling-row", d.path + "/condition"};  // DAG-6
  for (const auto& [variable, states] : clauses->second) {
    auto is = joint.find(variable);
    if (is == joint.end() || !states.count(is->second)) return false;  // DAG-2: an inactive parent
  }
  return true;
}

// 5.4 and 11.3. `at` gains the indices that the states of bundles give (AXI-10).
JointState Evaluator::choose(const json& wanted, Indices& at) const {
  std::map<VariableKey, int64_t> given;
  for (const auto& [name, label] : wanted.items()) {
    size_t slash = name.rfind('/');
    const Variable* v = nullptr;
    for (const Variable* candidate : order_)
      if (slash != std::string::npos && candidate->key.first == name.substr(0, slash) &&
          std::to_string(candidate->key.second) == name.substr(slash + 1))
        v = candidate;
    const std::pair<const int64_t, std::string>* state = nullptr;
    if (v)
      for (const auto& s : v->labels)
        if (label == s.second) state = &s;
    if (!state) throw Refusal{"evaluate", "state-not-found", "state"};  // DAG-23
    given[v->key] = state->first;
  }
  JointState joint;
  for (const Variable* v : order_) {
    const Descriptor& d = descriptors_.at(v->key.first);
    std::map<int64_t, double> available;  // DAG-13: state to the population of its row that holds
    if (active(d, joint))
      for (const StateRow& row : v->rows)
        if (holds(d, row.condition, joint)) {
          auto [it, isNew] = available.emplace(row.state, row.population);
          it->second = std::max(it->second, row.population);
        }
    std::optional<int64_t> state, fixed;
    if (!d.stateAxis.empty() && at.count(d.stateAxis)) fixed = at.at(d.stateAxis);  // AXI-9
    if (!d.sampleAxis.empty() && at.count(d.sampleAxis)) {                          // AXI-11
      auto labels = store_.array(d.path + "/labels", {"int32"}, {axes_.at(d.sampleAxis)}).as<int64_t>();
      fixed = labels[at.at(d.sampleAxis)];
    }
    if (given.count(v->key)) state = given[v->key];
    if (state && fixed && *state != *fixed) throw Refusal{"evaluate", "illegal-state", "state"};  // AXI-12
    if (state && !available.count(*state)) throw Refusal{"evaluate", "illegal-state", "state"};   // DAG-22
    if (fixed && !available.count(*fixed)) throw Refusal{"evaluate", "illegal-state", "state"};   // AXI-13
    if (!state) state = fixed;
    if (!state)
      for (const auto& [candidate, population] : available)  // DAG-19; ascending state, so the first wins ties (DAG-20)
        if (!state || population > available[*state]) state = candidate;
    if (!state) continue;  // inactive (DAG-14)
    joint[v->key] = *state;
    if (!d.stateAxis.empty()) at[d.stateAxis] = *state;
  }
  return joint;
}

json Evaluator::written(const JointState& joint) const {  // DAG-16
  json out = json::object();
  for (const auto& [key, state] : joint)
    out[key.first + "/" + std::to_string(key.second)] = variables_.at(key).labels.at(state);
  return out;
}

// ---------------------------------------------------------------- payloads

// Rows of atoms that a payload names, by its atom identity (12.3); -1 for one that the deposition lacks (IDN-2).
std::vector<int64_t> Evaluator::rows(const Descriptor& d, const std::vector<int64_t>& ids) const {
  const json* identity = find(d.document, "atom_identity");
  std::string kind = identity ? text(*identity, "kind") : "exact";
  std::map<int64_t, int64_t> newOf;
  if (kind == "mapped") {
    Table t = store_.table(d.path + "/atom_map");
    auto from = t.numbers<int64_t>("old", "uint32"), to = t.numbers<int64_t>("new", "uint32");
    for (size_t r = 0; r < from.size(); r++) newOf[from[r]] = to[r];
  }
  std::vector<int64_t> out;
  for (int64_t id : ids) {
    if (kind == "mapped" && !newOf.count(id)) throw Refusal{"semantic", "unknown-atom", d.path};  // IDN-4
    auto row = rowOf_.find(kind == "mapped" ? newOf[id] : id);
    if (row == rowOf_.end() && kind != "superset") throw Refusal{"semantic", "unknown-atom", d.path};  // IDN-1, IDN-5
    out.push_back(row == rowOf_.end() ? -1 : row->second);
  }
  return out;
}

// The index of an active descriptor along its axis; 0 where it has none.
size_t Evaluator::step(const Descriptor& d, const Indices& at) const {
  if (d.sampleAxis.empty()) return 0;
  if (!at.count(d.sampleAxis)) throw Refusal{"evaluate", "axis-not-given", d.path + "#/sample_axis"};  // AXI-7
  return at.at(d.sampleAxis);
}

// 7.5
std::vector<uint8_t> Evaluator::presence(const JointState& joint, const Indices& at) const {
  std::vector<uint8_t> present(atomIds_.size(), 1);
  for (const auto& [id, d] : descriptors_) {
    if (d.signal == "unknown" || !active(d, joint)) continue;  // DSC-6
    auto is = [&](int64_t site, int64_t state) {
      auto it = joint.find({d.id, site});
      return it != joint.end() && it->second == state;
    };
    if (d.regime == "discrete" && d.mode == "B" && store_.isArray(d.path + "/absent")) {
      Table t = store_.table(d.path + "/absent");
      auto site = t.numbers<int64_t>("site", "int32"), state = t.numbers<int64_t>("state", "int32");
      auto row = rows(d, t.numbers<int64_t>("atom_id", "uint32"));
      for (size_t r = 0; r < row.size(); r++)
        if (row[r] >= 0 && is(site[r], state[r])) present[row[r]] = 0;
    } else if (d.mode == "A" && (d.regime == "discrete" || store_.isArray(d.path + "/present"))) {
      auto row = rows(d, column(d.path + "/atom_id", "uint32"));
      int64_t m = row.size(), first = d.regime == "discrete" ? d.pairs.size() : axes_.at(d.sampleAxis);
      auto mask = store_.array(d.path + "/present", {"uint8"}, {first, m}).as<uint8_t>();
      if (d.regime != "discrete") {
        size_t t = step(d, at);
        for (int64_t i = 0; i < m; i++)
          if (row[i] >= 0 && !mask[t * m + i]) present[row[i]] = 0;
        continue;
      }
      Scope labels = scope(d);
      for (size_t s = 0; s < d.pairs.size(); s++)
        for (int64_t i = 0; i < m && is(d.pairs[s].first, d.pairs[s].second); i++)  // DSC-26: the atoms of the site only
          if (row[i] >= 0 && labels.ofAtom[row[i]] == d.pairs[s].first && !mask[s * m + i]) present[row[i]] = 0;
    }
  }
  return present;
}

struct Offset { M3 r = UNIT; V3 d{}; };

static Offset offset(const Descriptor& d) {  // 12.2
  Offset out;
  const json* reference = find(d.document, "reference");
  const json* o = reference ? find(*reference, "offset") : nullptr;
  if (o) try {
    if (const json* r = find(*o, "rotation")) out.r = r->get<M3>();
    if (const json* t = find(*o, "translation")) out.d = t->get<V3>();
  } catch (const json::exception&) {
    throw Refusal{"schema", "schema-violation", d.path + "#/reference/offset"};
  }
  M3 product = out.r * transposed(out.r) + (-1.0) * UNIT;
  for (const V3& row : product)
    for (double element : row)
      if (!(std::abs(element) <= 1e-6)) throw Refusal{"semantic", "quaternion-norm", d.path + "#/reference/offset"};  // REF-7
  for (int step = 0; step < 2; ++step)  // REF-14: Newton and Schulz; each step squares the distance to the nearest rotation
    out.r = out.r * (1.5 * UNIT + (-0.5) * (transposed(out.r) * out.r));
  return out;
}

// U of one Gaussian descriptor for all atoms, at x_ref and in the frame of the deposition (COV-2, REF-8, REF-12).
std::vector<M3> Evaluator::covariance(const Descriptor& d, const JointState& joint, const Indices& at) const {
  std::vector<M3> u(atomIds_.size(), ZERO);  // COV-4
  if (!active(d, joint)) return u;
  const json* op = find(d.document, "operator");
  if (!operators().count(d.operatorId)) throw Unsupported{d.operatorId};  // 9.1: not an error of the deposition
  if (text(*op, "hash") != operators().at(d.operatorId)) throw Refusal{"operator", "hash-mismatch", d.path + "#/operator/hash"};
  Offset frame = offset(d);
  size_t t = step(d, at);
  if (d.operatorId == "parametric_gaussian/tls_v1") {
    Scope labels = scope(d);
    std::vector<int64_t> shape{labels.labels, 24};
    if (!d.sampleAxis.empty()) shape.insert(shape.begin(), axes_.at(d.sampleAxis));
    auto tls = store_.array(d.path + "/tls", {"float64"}, shape).as<double>();
    for (size_t i = 0; i < u.size(); i++) {
      if (labels.ofAtom[i] < 0) continue;
      const double* row = &tls[(t * labels.labels + labels.ofAtom[i]) * 24];
      M3 T = symmetric(row), L = symmetric(row + 6);
      const double* s = row + 12;
      M3 S{{{s[0], s[1], s[2]}, {s[3], s[4], s[5]}, {s[6], s[7], -s[0] - s[4]}}};
      V3 r;  // p - origin with p = R^T (x_ref - d)
      for (int k = 0; k < 3; k++) {
        r[k] = -row[21 + k];
        for (int j = 0; j < 3; j++) r[k] += frame.r[j][k] * (xRef_[3 * i + j] - frame.d[j]);
      }
      M3 K{{{0, r[2], -r[1]}, {-r[2], 0, r[0]}, {r[1], -r[0], 0}}};
      M3 KS = K * S;
      u[i] = row[20] * (T + K * L * transposed(K) + KS + transposed(KS));  // TLS-1, TLS-2
    }
  } else if (d.operatorId == "parametric_gaussian/nm_covariance_v1") {
    auto row = rows(d, column(d.path + "/atom_id", "uint32"));
    auto variance = store_.array(d.path + "/variance", {"float64"}, {-1}).as<double>();
    int64_t m = row.size(), k = variance.size();
    auto basis = store_.array(d.path + "/basis", {"float64"}, {k, m, 3}).as<double>();
    for (int64_t mode = 0; mode < k; mode++)
      for (int64_t i = 0; i < m; i++) {
        const double* v = &basis[(mode * m + i) * 3];
        if (row[i] >= 0)
          u[row[i]] = u[row[i]] + elements([&](int a, int b) { return variance[mode] * (v[a] * v[b]); });  // COV-6
      }
  } else {  // iADP and aADP
    bool isotropic = d.operatorId == "parametric_gaussian/iadp_v1";
    auto row = rows(d, column(d.path + "/atom_id", "uint32"));
    int64_t n = row.size();
    auto condition = store_.array(d.path + "/condition", {"int32"}, {n}).as<int64_t>();
    auto values = store_.array(d.path + (isotropic ? "/b" : "/u"), {"float64"},
                               isotropic ? std::vector<int64_t>{n} : std::vector<int64_t>{n, 6}).as<double>();
    const double pi = std::acos(-1.0);
    for (int64_t r = 0; r < n; r++)
      if (row[r] >= 0 && holds(d, condition[r], joint))  // ADP-3, ADP-4
        u[row[r]] = u[row[r]] + (isotropic ? (values[r] / (8 * pi * pi)) * UNIT : symmetric(&values[6 * r]));
  }
  for (M3& matrix : u) matrix = turned(matrix, frame.r);
  return u;
}

// 7.3: transforms rotate U (MEAN-16), smaller groups first (MEAN-17), then by id (MEAN-18).
void Evaluator::transform(std::vector<std::vector<M3>>& levels, const JointState& joint, const Indices& at) const {
  struct Group { size_t size; std::string id; std::vector<size_t> atoms; M3 rotation; };
  std::vector<Group> groups;
  for (const auto& [id, d] : descriptors_) {
    if (text(d.document, "acts_as") != "transform" || d.signal == "unknown" || !active(d, joint)) continue;
    if (d.operatorId != "rigid_body/quat_v1") throw Unsupported{d.operatorId};
    Scope labels = scope(d);
    bool discrete = d.regime == "discrete";
    std::vector<int64_t> shape{labels.labels, 4};
    if (discrete) shape.insert(shape.begin(), d.pairs.size());
    else if (!d.sampleAxis.empty()) shape.insert(shape.begin(), axes_.at(d.sampleAxis));
    auto quaternion = store_.array(d.path + "/quaternion", {"float64"}, shape).as<double>();
    std::map<int64_t, std::vector<size_t>> members;
    for (size_t i = 0; i < atomIds_.size(); i++)
      if (labels.ofAtom[i] >= 0) members[labels.ofAtom[i]].push_back(i);
    Offset frame = offset(d);
    for (const auto& [label, atoms] : members) {
      size_t leading = 0;
      if (discrete) {  // the row of the active state of the label's own variable
        auto is = joint.find({id, label});
        if (is == joint.end()) continue;
        leading = std::find(d.pairs.begin(), d.pairs.end(), std::pair(label, is->second)) - d.pairs.begin();
      } else {
        leading = step(d, at);
      }
      M3 q = rotation(&quaternion[(leading * labels.labels + label) * 4], d.path + "/quaternion");
      groups.push_back({atoms.size(), id, atoms, frame.r * q * transposed(frame.r)});  // REF-13
    }
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) { return std::tie(a.size, a.id) < std::tie(b.size, b.id); });
  for (const Group& g : groups)
    for (auto& u : levels)
      for (size_t i : g.atoms) u[i] = turned(u[i], g.rotation);
}

// ---------------------------------------------------------------- a request

Evaluated Evaluator::run(const json& request) {
  auto bad = [](const std::string& key) { throw Refusal{"evaluate", "bad-request", key}; };  // ERR-7
  static const std::set<std::string> keys{"outputs", "state", "at", "atoms", "components", "descriptors", "list", "strict"};
  static const std::set<std::string> mine{"mean", "present", "covariance", "covariance_by_level", "levels", "warnings", "default",
                                          "state"};
  for (const auto& [key, value] : request.items())
    if (!keys.count(key)) bad(key);
  std::set<std::string> outputs = request.at("outputs").get<std::set<std::string>>();
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

  std::vector<std::pair<int64_t, std::string>> levels;  // STK-6: by number of labels, then id
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
