"""Wrong moments: what varies, what presence means, and which part of the covariance is whose."""

from dataclasses import replace

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

MOMENTS = "polystate.evaluation.moments"
AVERAGING = "polystate.evaluation.averaging"
LATENTS = "polystate.evaluation.latents"
LAW = "polystate.states.expectations:Law"
FOREST = "polystate.states.forest"


@fault("moments-mean-of-default", f"{MOMENTS}:moments", "moments")
def _(original):
    """The mean is that of the most populated joint state."""

    def wrong(setting):
        found = original(setting)
        dep, atoms = setting.request.dep, found.atom_id.tolist()
        return replace(found, mean=dep.render(at={name: 0 for name in setting.averaged}, atoms=atoms).mean)

    return wrong


@fault("moments-presence-is-default", f"{MOMENTS}:moments", "moments")
def _(original):
    """Presence is 1 wherever an atom can be present."""

    def wrong(setting):
        found = original(setting)
        return replace(found, presence=(found.presence > 0).astype(float))

    return wrong


@fault("moments-absent-atoms-count", f"{MOMENTS}:moments", "moments")
def _(original):
    """Mean and covariance are over all joint states, whether the atom is there or not."""

    def wrong(setting):
        from polystate.evaluation import moments

        found, sums = original(setting), moments._Sums(moments.Contributions(setting))
        sums.tables = [t for t in sums.tables if not any(t is p for p in sums.given.presence)]
        sums.given.presence.clear()
        sums.add_up()
        return replace(found, mean=sums.mean, covariance=sums.by_part.sum(axis=0), by_part=sums.by_part)

    return wrong


@fault("moments-never-present-is-nan", f"{MOMENTS}:moments", "moments")
def _(original):
    """An atom that is never present has no moments."""

    def wrong(setting):
        found = original(setting)
        return replace(found, mean=np.where(found.presence[:, None] > 0, found.mean, np.nan))

    return wrong


@fault("moments-without-u", f"{MOMENTS}:moments", "moments")
def _(original):
    """The covariance is that of the mean alone: U is left out."""

    def wrong(setting):
        found = original(setting)
        spread = [k for k, name in enumerate(found.parts) if not name.startswith("descriptors/")]
        return replace(found, covariance=found.by_part[spread].sum(axis=0))

    return wrong


@fault("moments-axes-reversed", f"{MOMENTS}:moments", "moments")
def _(original):
    """The parts of axes stand in descending order of name."""

    def wrong(setting):
        found = original(setting)
        n = len(setting.averaged)
        order = [*reversed(range(n)), *range(n, len(found.parts))]
        return replace(found, by_part=found.by_part[order])

    return wrong


@fault("moments-axis-in-states", f"{MOMENTS}:moments", "moments")
def _(original):
    """What the steps of an axis spread is counted as a spread of joint states."""

    def wrong(setting):
        found = original(setting)
        n = len(setting.averaged)
        found.by_part[n] += found.by_part[:n].sum(axis=0)
        found.by_part[:n] = 0
        return found

    return wrong


@fault("moments-states-apart", f"{MOMENTS}:_Sums._are_apart", "moments")
def _(original):
    """Variances of different variables add, whatever they have in common."""
    return lambda self, a, b, evidence: True


@fault("moments-transform-mean-only", "polystate.evaluation.contributions:_conjugated", "moments")
def _(original):
    """A transform turns the mean and leaves covariances as they are."""
    return lambda turn, u: np.broadcast_to(u, (len(turn), *u.shape[1:])) + 0.0


@fault("moments-unweighted-states", "polystate.states.forest:marginals", "moments")
def _(original):
    """All states that a variable can take count alike."""

    def wrong(dag, fixed, others):
        p, known = original(dag, fixed, others)
        return (p > 0) / np.maximum((p > 0).sum(axis=1), 1)[:, None], known

    return wrong


@fault("moments-populations-as-stored", "polystate.states.forest:_normalise", "moments")
def _(original):
    """The first state takes what the populations leave over, instead of a division by their sum."""

    def wrong(weight):
        total = weight.sum(axis=-1)
        weight[..., 0] += np.where(total > 0, 1 - total, 0)

    return wrong


@fault("moments-given-state-conditions", f"{LAW}.probability", "moments")
def _(original):
    """A given state says something about the parents of its variable, as an observation would."""

    def wrong(self, variables, evidence=()):
        from polystate.states.expectations import Factor

        if not self.fixed:
            return original(self, variables, evidence)
        seen = []
        for v, state in self.fixed.items():
            seen.append(Factor((v,), np.eye(self.size(v))[state]))
        fixed, self.fixed = self.fixed, {}
        self._factors.clear()
        try:
            return original(self, variables, (*evidence, *seen)) / float(original(self, (), seen))
        finally:
            self.fixed = fixed
            self._factors.clear()

    return wrong


@fault("moments-steps-alike", f"{AVERAGING}:_population", "moments")
def _(original):
    """All steps of an axis count alike."""
    return lambda dep, name: np.ones(dep.axis(name).length)


@fault("moments-labels-drawn", f"{AVERAGING}:_labels", "moments")
def _(original):
    """A label on an averaged axis is drawn by the populations of its states."""

    def wrong(dep, names, fixed):
        return {}, original(dep, names, fixed)[1]

    return wrong


@fault("moments-given-label-ignored", f"{AVERAGING}:_labels", "moments")
def _(original):
    """All steps count, whatever label the request gives."""

    def wrong(dep, names, fixed):
        return original(dep, names, fixed)[0], [np.ones(dep.axis(name).length) for name in names]

    return wrong


@fault("moments-bundle-by-axis", f"{AVERAGING}:_bundles", "moments")
def _(original):
    """What lies along the axis of a bundle is averaged by the population of the axis."""
    return lambda dep: {}


@fault("moments-policies-ignored", f"{AVERAGING}:setting", "moments")
def _(original):
    """All levels add to the moments, whatever their policy."""

    def wrong(*args, **kwargs):
        found = original(*args, **kwargs)
        found.policy = None
        return found

    return wrong


@fault("moments-latents-ignored", f"{LATENTS}:motion", "moments")
def _(original):
    """Drawn components stay at 0."""

    def wrong(d, request, rule):
        found = original(d, request, rule)
        return replace(found, covariance=np.zeros_like(found.covariance))

    return wrong


@fault("moments-decoder-at-zero", f"{LATENTS}:is_affine", "moments")
def _(original):
    """Any decoder is taken for its tangent at components 0."""
    return lambda d: True


@fault("moments-of-unknown-signals", "polystate.evaluation.setting:Setting.draws", "moments")
def _(original):
    """Drawn components are a part of the moments, whatever the signal that they drive."""
    return edited('d.signal_type == "unknown" or ', "")(original)


@fault("given-states-in-chains-undone", f"{FOREST}:_forest", "moments")
def _(original):
    """A given state of a variable under another one is drawn again."""
    return edited("known[given], parent[given] = narrow[given], -1", "known[given] = narrow[given]")(original)


@fault("forest-one-link-long", f"{FOREST}:_forest", "moments")
def _(original):
    """What hangs two links below a variable of two parents or of many states is taken for known."""
    return edited("if (above[above] == above).all():", "if True:")(original)


@fault("all-populations-0-pass", f"{LAW}._refuse_what_draws_refuse", "moments")
def _(original):
    """A variable is looked at only where it has a population above 0."""
    return edited("self.dag.row_population == 0", "self.dag.row_population != 0")(original)


@fault("labels-illegal-at-any-step", f"{LAW}._refuse_illegal", "moments")
def _(original):
    """A label that some draws forbid is refused at a step that no draw has, too."""
    return edited("axis = () if v in self.fixed else (self.axis_variable(self.follows[v][0]),)", "axis = ()")(original)


@fault("moments-roots-first", f"{LAW}._eliminated", "moments")
def _(original):
    """Variables are summed out in their order, whatever that joins."""
    fewest = "min(waiting, key=lambda v: (len({u for f in factors if v in f.variables for u in f.variables}), v))"
    return edited(fewest, "min(waiting)")(original)
