"""Wrong covariances: units, orders, signs, origins, conditions, sums."""

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

OPERATORS = "polystate.operators.parametric_gaussian"
EVALUATE = "polystate.evaluation.evaluate"


@fault("b-without-8pi2", f"{OPERATORS}.iadp_v1:iadp_v1", "gaussian", "registry")
def _(original):
    """B is taken as U: 8π² is forgotten."""
    return lambda b: {"u": np.asarray(b, float)[:, None, None] * np.eye(3)}


@fault("b-over-4pi2", f"{OPERATORS}.iadp_v1:iadp_v1", "gaussian", "registry")
def _(original):
    """B is divided by 4π², as for one dimension of a mean square in a plane."""
    return lambda b: {"u": 2 * original(b)["u"]}


@fault("adp-order-23-before-12", "polystate.numbers.tensors:symmetric", "gaussian", "registry")
def _(original):
    """Six numbers are read as 11, 22, 33, 23, 13, 12, the order of elasticity."""
    return lambda six: original(np.asarray(six)[..., [0, 1, 2, 5, 4, 3]])


@fault("adp-last-row-wins", f"{EVALUATE}:level_covariance", "gaussian")
def _(original):
    """Of several rows of one atom that hold the last replaces the others."""

    def wrong(d, request):
        if not (d.operator or "").endswith("adp_v1"):
            return original(d, request)
        from polystate.evaluation.evaluate import call, condition_holds

        name = "b" if d.operator.endswith("iadp_v1") else "u"
        u = np.zeros((len(request.rows), 3, 3))
        rows = np.flatnonzero(condition_holds(d, d.array("condition"), request))
        mine, at = request.among(d.atom_rows[rows])
        u[at] = call(d.operator, {name: d.array(name)[rows[mine]]})["u"]
        return u

    return wrong


@fault("tls-s-transposed", f"{OPERATORS}.tls_v1:screw", "gaussian", "registry")
def _(original):
    """S is read with rows translation and columns rotation."""
    return lambda eight: np.swapaxes(original(eight), -1, -2)


@fault("tls-s33-zero", f"{OPERATORS}.tls_v1:screw", "gaussian", "registry")
def _(original):
    """S33 is taken as zero instead of -S11 - S22."""

    def wrong(eight):
        s = original(eight)
        s[..., 2, 2] = 0
        return s

    return wrong


@fault("tls-screw-once", f"{OPERATORS}.tls_v1:tls_v1", "gaussian", "registry")
def _(original):
    """The transposed half of the screw term is forgotten, and the result made symmetric by averaging."""

    def wrong(tls, group, xyz):
        without = np.array(tls)
        without[:, 12:20] = 0
        return {"u": (original(tls, group, xyz)["u"] + original(without, group, xyz)["u"]) / 2}

    return wrong


def _with_rows(change):
    """A fault that changes the rows of TLS before the formula."""

    def make(original):
        def wrong(tls, group, xyz):
            changed = np.array(tls, float)
            change(changed)
            return original(changed, group, xyz)

        wrong.__doc__ = make.__doc__
        return wrong

    return make


@fault("tls-amplitude-ignored", f"{OPERATORS}.tls_v1:tls_v1", "gaussian", "registry")
def _(original):
    """The amplitude is taken as 1."""
    return _with_rows(lambda rows: rows.__setitem__((slice(None), 20), 1.0))(original)


@fault("tls-origin-ignored", f"{OPERATORS}.tls_v1:tls_v1", "gaussian", "registry")
def _(original):
    """The origin is taken as that of the coordinates."""
    return _with_rows(lambda rows: rows.__setitem__((slice(None), slice(21, 24)), 0.0))(original)


@fault("tls-degrees", f"{OPERATORS}.tls_v1:tls_v1", "gaussian", "registry")
def _(original):
    """L is read in square degrees and S in degrees."""

    def change(rows):
        rows[:, 6:12] *= (np.pi / 180) ** 2
        rows[:, 12:20] *= np.pi / 180

    return _with_rows(change)(original)


@fault("tls-libration-diagonal", f"{OPERATORS}.tls_v1:tls_v1", "gaussian", "registry")
def _(original):
    """The off-diagonal elements of L are dropped."""
    return _with_rows(lambda rows: rows.__setitem__((slice(None), slice(9, 12)), 0.0))(original)


@fault("tls-lever-sign", f"{OPERATORS}.tls_v1:lever", "gaussian", "registry")
def _(original):
    """The lever arm has the opposite sign, so that the screw term does."""
    return lambda r: -original(r)


@fault("tls-group-off-by-one", f"{OPERATORS}.tls_v1:tls_v1", "gaussian")
def _(original):
    """Each atom uses the row after that of its group."""
    return lambda tls, group, xyz: original(tls, (np.asarray(group) + 1) % len(tls), xyz)


@fault("tls-centroid-as-origin", f"{OPERATORS}.tls_v1:tls_v1", "gaussian", "registry")
def _(original):
    """The centroid of the group is used as its origin."""

    def wrong(tls, group, xyz):
        rows = np.array(tls, float)
        for g in set(np.asarray(group).tolist()):
            rows[g, 21:24] = np.asarray(xyz)[np.asarray(group) == g].mean(axis=0)
        return original(rows, group, xyz)

    return wrong


@fault("tls-at-mean", f"{EVALUATE}:level_covariance", "gaussian")
def _(original):
    """TLS is evaluated where the state puts the atom, not at the reference."""

    def wrong(d, request):
        from polystate.evaluation.evaluate import mean

        dep = request.dep
        kept = dep.x_ref
        moved = kept.copy()
        moved[request.rows] = mean(request)
        try:
            dep.__dict__["x_ref"] = moved
            return original(d, request)
        finally:
            dep.__dict__["x_ref"] = kept

    return wrong


@fault("nm-sigma-not-squared", f"{OPERATORS}.nm_covariance_v1:nm_covariance_v1", "gaussian", "registry")
def _(original):
    """The stored variance is taken for a standard deviation and squared."""
    return lambda basis, variance: original(basis, np.asarray(variance) ** 2)


@fault("nm-diagonal-only", f"{OPERATORS}.nm_covariance_v1:nm_covariance_v1", "gaussian", "registry")
def _(original):
    """Of the outer product only the diagonal is kept."""
    return lambda basis, variance: {"u": original(basis, variance)["u"] * np.eye(3)}


@fault("levels-not-summed", f"{EVALUATE}:gaussian_levels", "gaussian", "sampling-exact")
def _(original):
    """Only the largest level contributes."""
    return lambda dep: original(dep)[:1]


@fault("levels-by-id", f"{EVALUATE}:gaussian_levels", "gaussian")
def _(original):
    """Levels come in order of id."""
    return lambda dep: sorted(original(dep), key=lambda d: d.id.encode())


@fault("descriptors-request-ignored", "polystate.deposition:Deposition.levels", "gaussian")
def _(original):
    """All levels contribute, whichever the request names."""
    return lambda self, levels=None: original(self, None)


@fault("conditions-ignored", f"{EVALUATE}:condition_holds", "gaussian", "sampling-exact")
def _(original):
    """Conditional rows always hold."""
    return lambda d, numbers, request: np.ones(len(np.asarray(numbers)), bool)


@fault("active-when-ignored", f"{EVALUATE}:is_active", "gaussian", "displacement")
def _(original):
    """Descriptors contribute under every joint state."""
    return lambda d, request: d.signal_type != "unknown"


@fault("active-when-never", f"{EVALUATE}:is_active", "gaussian")
def _(original):
    """A descriptor with a condition never contributes."""
    return lambda d, request: original(d, request) and d.active_when == -1


@fault("absent-covariance-zero", f"{EVALUATE}:covariance", "gaussian")
def _(original):
    """Absent atoms get no covariance."""

    def wrong(request, levels=None, by_level=False):
        from polystate.evaluation.evaluate import present

        u = original(request, levels, by_level)
        u[..., ~present(request), :, :] = 0
        return u

    return wrong


@fault("covariance-clipped", f"{EVALUATE}:covariance", "gaussian")
def _(original):
    """Covariances that no motion has are clipped before they are returned."""

    def wrong(request, levels=None, by_level=False):
        from polystate.numbers.positive import nearest_positive

        u = original(request, levels, by_level)
        return u if by_level else nearest_positive(u)

    return wrong


@fault("psd-tested-by-level", f"{EVALUATE}:level_covariance", "gaussian", "sampling-exact")
def _(original):
    """Every level has to be positive semi-definite by itself."""

    def wrong(d, request):
        from polystate.errors import NotPositiveSemidefinite
        from polystate.numbers.positive import indefinite

        u = original(d, request)
        if len(indefinite(u)):
            raise NotPositiveSemidefinite(d.path, "an indefinite level", "a definite one")
        return u

    return wrong


@fault("float32-accumulation", f"{EVALUATE}:covariance", "gaussian")
def _(original):
    """Covariances are summed in single precision."""
    return lambda *a, **k: original(*a, **k).astype(np.float32).astype(np.float64)


@fault("covariance-triangle-only", f"{EVALUATE}:covariance", "gaussian")
def _(original):
    """Only the upper triangle is filled."""
    return lambda *a, **k: np.triu(original(*a, **k))


@fault("nanometre-reference", "polystate.structure.ground:Ground.x_ref", "gaussian", "displacement", "discrete")
def _(original):
    """Reference coordinates are taken as nanometres and turned into ångström."""
    return property(lambda self: 10 * original.func(self))


@fault("covariance-not-transformed", f"{EVALUATE}:covariance", "displacement")
def _(original):
    """Transforms turn means but not covariances."""

    def wrong(request, levels=None, by_level=False):
        import polystate.evaluation.evaluate as module

        kept, module.transforms = module.transforms, lambda request: iter(())
        try:
            return original(request, levels, by_level)
        finally:
            module.transforms = kept

    return wrong


@fault("atoms-first-rows", "polystate.structure.ground:Ground.rows", "gaussian", "discrete", "sampling-exact")
def _(original):
    """A request for some atoms gets the first ones."""
    return lambda self, atoms: original(self, atoms) if atoms is None else np.arange(len(atoms))


@fault("near-rotation-as-stored", "polystate.model.descriptor:nearest_rotation", "gaussian")
def _(original):
    """A rotation that is off by less than the tolerance is used as it is stored."""
    return lambda matrix: matrix


@fault("warnings-of-the-whole-stack", "polystate.deposition:Deposition.indefinite_atoms", "gaussian")
def _(original):
    """Warnings are those of U_total, whatever descriptors a request names."""
    return lambda self, u, atoms=None: original(self, self.covariance(atoms=atoms), atoms)


@fault("unknown-content-in-silence", "polystate.rules.doubtful:warnings", "validate")
def _(original):
    """ADPs of unknown content are summed without a warning."""
    return edited("(d.covered & o.covered).any()", "False")(original)
