// Presence (7.5) and covariances (chapters 6 and 8), with what acts on them: axes (11), offsets and atom identity (12),
// transforms (7.3).
#include <algorithm>
#include <cmath>
#include <tuple>

#include "evaluator.h"
#include "sha256.h"

namespace polystate {

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

// REF-3, REF-4: refuses a descriptor that was made against other coordinates or another frame, with no offset between.
void Evaluator::refuseOtherReference(const Descriptor& d) const {
  const json* reference = find(d.document, "reference");
  if (!reference) return;  // REF-5
  const json* offset = find(*reference, "offset");
  if (offset && text(*offset, "kind") != "none") return;
  const json* own = find(store_.payload("reference"), "frame");  // REF-2
  Scope labels = scope(d);
  Bytes made;  // REF-1
  for (size_t i = 0; i < xRef_.size(); i++) {
    const uint8_t* first = reinterpret_cast<const uint8_t*>(&xRef_[i]);
    if (labels.ofAtom[i / 3] >= 0) made.insert(made.end(), first, first + sizeof(double));
  }
  if (text(*reference, "hash") != sha256(made) || text(*reference, "frame") != (own ? own->get<std::string>() : "deposition"))
    throw Refusal{"semantic", "reference-mismatch", d.path};
}

// 9.8: refuses the levels, and the transforms, of unknown operators that cover an atom asked for while they are active.
void Evaluator::refuseUnknown(const Levels& levels, const std::vector<int64_t>& wanted, const JointState& joint) const {
  for (const auto& [id, d] : descriptors_) {
    auto named = [&id = id](const auto& level) { return level.second == id; };
    bool turns = text(d.document, "acts_as") == "transform" && d.signal != "unknown";
    if (d.operatorId.empty() || isKnown(d.operatorId) || !active(d, joint)) continue;
    if (!turns && !std::any_of(levels.begin(), levels.end(), named)) continue;
    Scope labels = scope(d);
    std::set<int64_t> covered;
    if (store_.isArray(d.path + "/atom_id")) {
      for (int64_t row : rows(d, column(d.path + "/atom_id", "uint32"))) covered.insert(row);
    } else {
      for (size_t i = 0; i < atomIds_.size(); i++)
        if (labels.ofAtom[i] >= 0) covered.insert(i);
    }
    for (int64_t row : wanted) {
      bool site = d.regime != "discrete" || joint.count({id, labels.ofAtom[row]});
      if (covered.count(row) && site) throw Refusal{"operator", "unknown-operator", d.path + "#/operator/id"};  // OPR-1
    }
  }
}

// U of one Gaussian descriptor for all atoms, at x_ref and in the frame of the deposition (COV-2, REF-8, REF-12).
std::vector<M3> Evaluator::covariance(const Descriptor& d, const JointState& joint, const Indices& at) const {
  std::vector<M3> u(atomIds_.size(), ZERO);  // COV-4
  if (!active(d, joint) || !isKnown(d.operatorId)) return u;  // unknown, it covers no atom asked for: OPR-29
  const json* op = find(d.document, "operator");
  if (!operators().count(d.operatorId)) throw Unsupported{d.operatorId};  // 9.1: not an error of the deposition
  if (text(*op, "hash") != operators().at(d.operatorId)) throw Refusal{"operator", "hash-mismatch", d.path + "#/operator/hash"};
  refuseOtherReference(d);
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
    if (!isKnown(d.operatorId)) continue;  // OPR-29
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

}  // namespace polystate
