// What is read of a deposition for an evaluation, and the evaluation of one request.
#pragma once
#include "matrix.h"
#include "polystate.h"

namespace polystate {

using VariableKey = std::pair<std::string, int64_t>;           // descriptor and site
using JointState = std::map<VariableKey, int64_t>;             // active variables only
using Condition = std::map<VariableKey, std::set<int64_t>>;    // clauses: OR within one, AND across (DAG-1, DAG-3)
using Indices = std::map<std::string, int64_t>;                // axis to step

using Levels = std::vector<std::pair<int64_t, std::string>>;   // number of labels, id; in level order

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
  void refuseUnknown(const Levels& levels, const std::vector<int64_t>& wanted, const JointState& joint) const;
  void refuseOtherReference(const Descriptor& d) const;
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

}  // namespace polystate
