// Joint states (chapter 5): conditions, the state of a request, and how it is written.
#include "evaluator.h"

namespace polystate {

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

}  // namespace polystate
