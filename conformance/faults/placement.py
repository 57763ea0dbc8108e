"""Wrong evaluators of where atoms stand: sources that collide, what moves from where, which group acts first."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

EVALUATE = "polystate.evaluation.evaluate"
MEAN = "polystate.rules.mean"
DECODER = "polystate.operators.neural_decoder.mlp_v1"
CELL = "polystate.operators.lookup_table.nearest_v1:cell"
DISPLACES = ("displacement", "decoder", "axes")


@fault("inactive-trajectories-mark-absent", f"{EVALUATE}:present", "axes")
def _(original):
    """A step marks atoms absent, whether its trajectory is active or not."""

    def wrong(request):
        from polystate.evaluation.evaluate import absent

        found = original(request)
        for d in request.dep.descriptors.values():
            if d.regime == "trajectory" and d.axis in request.steps:
                found[absent(d, request)] = False
        return found

    return wrong


@fault("displacing-steps-mark-nothing", f"{EVALUATE}:absent", "axes")
def _(original):
    """Presence belongs to trajectories of coordinates."""
    return edited('d.mode == "C"', 'd.mode == "C" or d.signal_type == "deterministic_displacement"')(original)


@fault("inactive-sites-are-absent", f"{EVALUATE}:absent", "discrete")
def _(original):
    """Listed atoms of a site that is not active are absent."""
    return edited(
        "np.zeros(len(at), bool)", "~np.isin(d.label_of_atom[request.rows[at]], list(chosen_states(d, request)))"
    )(original)


@fault("inactive-transforms-turn-covariances", f"{EVALUATE}:covariance", "displacement")
def _(original):
    """A transform turns covariances, whether it is active or not."""

    def wrong(request, levels=None, by_level=False):
        import numpy as np

        from polystate.evaluation.evaluate import is_active, transform

        u = original(request, levels, by_level)
        for d in request.dep.descriptors.values():
            if d.is_transform and not d.is_discrete and not d.operator_unknown and not is_active(d, request):
                at, turn, _ = transform(d, request)
                u[..., at, :, :] = turn @ u[..., at, :, :] @ np.swapaxes(turn, -1, -2)
        return u

    return wrong


@fault("conflicts-of-atoms-not-asked", f"{EVALUATE}:mean", "decoder")
def _(original):
    """Two sources of an atom are refused whichever atoms are asked for."""

    def wrong(request):
        from dataclasses import replace

        import numpy as np

        original(replace(request, rows=np.arange(request.dep.n_atoms)))
        return original(request)

    return wrong


@fault("sources-that-agree-pass", f"{EVALUATE}:mean", "decoder")
def _(original):
    """Two sources of an atom that give the same coordinates are one."""
    return edited("source[at] >= 0", "(source[at] >= 0) & (xyz[at] != values).any(axis=1)")(original)


@fault("always-active-in-a-row", f"{MEAN}:always_active", "validate")
def _(original):
    """A source with one state under no condition is always active."""
    return edited(".all()", ".any()")(original)


@fault("always-active-site-by-site", f"{MEAN}:absolute_errors", "validate")
def _(original):
    """A source is always active at the sites that have no condition."""

    def free(d):
        condition, site = d.column("states", "condition"), d.column("states", "site")
        return [s for s in set(site.tolist()) if (condition[site == s] == -1).all()]

    def wrong(dep, found):
        import numpy as np

        from polystate.errors import AbsoluteConflict

        yield from original(dep, found)
        always = [d for d in found if d.active_when == -1]
        taken = np.zeros(dep.n_atoms, int)
        for d in always:
            taken += d.covered & (np.isin(d.label_of_atom, free(d)) if d.is_discrete else True)
        if taken.max(initial=0) > 1:
            yield AbsoluteConflict("descriptors", "two sources", "one")

    return wrong


def _from_sum(keep, moved):
    """A mean in which what some descriptors add is computed from where the sources put the atoms."""

    def make(original):
        def wrong(request):
            import numpy as np

            from polystate.evaluation.evaluate import absolute, active, displacement

            xyz = original(request)
            base = request.dep.x_ref_of(request.rows).copy()
            for d in active(request.dep, request, lambda d: d.is_absolute):
                at, values = absolute(d, request)
                base[at] = values
            for d in active(request.dep, request, keep):
                at, values = displacement(d, request)
                np.add.at(xyz, at, moved(d, request, base, at) - values)
            return xyz

        return wrong

    return make


@fault("rigid-bodies-move-the-source", f"{EVALUATE}:mean", "decoder", "axes")
def _(original):
    """A rigid body turns its atoms from where an absolute source puts them."""

    def moved(d, request, base, at):
        from polystate.evaluation.evaluate import bodies
        from polystate.operators import call

        _, body, (quaternion, translation, origin) = bodies(d, request)
        inputs = {"quaternion": quaternion, "translation": translation, "origin": origin, "group": body}
        return call("rigid_body/quat_v1", {**inputs, "xyz": base[at]})["xyz"] - base[at]

    return _from_sum(lambda d: d.procedure.placed == "body" and not (d.is_transform or d.is_discrete), moved)(original)


@fault("listed-displacements-from-the-source", f"{EVALUATE}:mean", "decoder", "axes")
def _(original):
    """Listed displacements are measured from where an absolute source puts the atoms."""

    def moved(d, request, base, at):
        from polystate.evaluation.evaluate import displacement

        return displacement(d, request)[1] + request.dep.x_ref_of(request.rows[at]) - base[at]

    return _from_sum(lambda d: d.mode == "A" and not d.is_absolute, moved)(original)


@fault("groups-of-present-atoms", f"{EVALUATE}:group_sizes", "displacement")
def _(original):
    """The atoms of a group are those that are present."""

    def wrong(d, request):
        import numpy as np

        from polystate.evaluation.evaluate import present

        there = d.label_of_atom[request.rows[present(request)]]
        return np.bincount(there[there >= 0], minlength=d.n_labels)[d.label_of_atom[request.rows]]

    return wrong


@fault("transforms-by-atoms-of-descriptor", f"{EVALUATE}:group_sizes", "displacement")
def _(original):
    """Transforms are ordered by all the atoms that they move."""
    return lambda d, request: original(d, request) * 0 + int((d.label_of_atom >= 0).sum())


@fault("equal-groups-refused", f"{MEAN}:transform_errors", "validate")
def _(original):
    """Groups of the same atoms overlap: neither is inside the other."""
    return edited("smaller = np.minimum(", "smaller = (sizes[0][pairs[0]] == sizes[1][pairs[1]]) + np.minimum(")(
        original
    )


@fault("overlap-by-descriptor", f"{MEAN}:transform_errors", "validate")
def _(original):
    """A descriptor whose atoms all lie in another is inside it, whatever their groups."""

    def wrong(dep, found):
        for error in original(dep, found):
            sets = [set((d.label_of_atom >= 0).nonzero()[0].tolist()) for d in found]
            if not all(a <= b or b <= a or not a & b for a in sets for b in sets):
                yield error

    return wrong


@fault("overlap-of-poses-unjudged", f"{MEAN}:transform_errors", "validate")
def _(original):
    """Groups of discrete descriptors are no groups of transforms."""
    return lambda dep, found: original(dep, [d for d in found if not d.is_discrete])


def _quaternions(kept):
    """A reader that judges the norms of some quaternions."""

    def make(original):
        def wrong(d):
            import re

            for error in original(d):
                place = [int(n) for n in re.findall(r"\[(\d+)\]", error.where)]
                if error.code != "quaternion-norm" or kept(d, place):
                    yield error

        return wrong

    return make


@fault("quaternions-that-are-read", f"{MEAN}:errors", "validate")
def _(original):
    """Quaternions that no pose reads are not judged."""

    def read(d, place):
        if not d.is_discrete:
            return True
        pairs = list(dict.fromkeys(zip(d.column("states", "site"), d.column("states", "state"), strict=True)))
        return pairs[place[0]][0] == place[1]

    return _quaternions(read)(original)


@fault("quaternions-of-labels-with-atoms", f"{MEAN}:errors", "validate")
def _(original):
    """Quaternions of labels without atoms are not judged."""
    return _quaternions(lambda d, place: place[-1] in d.label_of_atom)(original)


@fault("quaternions-of-the-first-step", f"{MEAN}:errors", "validate")
def _(original):
    """Of quaternions along an axis the first step is judged."""
    return _quaternions(lambda d, place: d.axis is None or place[0] == 0)(original)


@fault("states-by-row-of-table", f"{EVALUATE}:_state_row", "discrete", "displacement")
def _(original):
    """Arrays have an entry a row of `states`: of a state with two rows that of the last is taken."""

    def wrong(d):
        keys = zip(d.column("states", "site").tolist(), d.column("states", "state").tolist(), strict=True)
        size = len(original(d))
        return {key: min(row, size - 1) for row, key in enumerate(keys)}

    return wrong


@fault("latents-may-be-more", f"{MEAN}:_component_errors", "validate")
def _(original):
    """Latents of more components than a basis has are left over."""
    return edited("np.array_equal(component, ", "np.array_equal(component[:size], ")(original)


@fault("steps-before-the-request", f"{EVALUATE}:components", "axes")
def _(original):
    """What is stored for a step comes before the request."""
    return edited("if d.id in request.components:", "if d.id in request.components and d.axis not in request.steps:")(
        original
    )


GIVEN = "polystate.evaluation.request:_check_components"


@fault("given-components-may-be-fewer", GIVEN, "displacement", "decoder")
def _(original):
    """Components that a request leaves out pass."""
    return edited("len(values) != d.width", "len(values) > d.width")(original)


@fault("given-components-may-be-more", GIVEN, "displacement", "decoder")
def _(original):
    """Components that are left over pass."""
    return edited("len(values) != d.width", "len(values) < d.width")(original)


@fault("output-of-atoms-asked", f"{EVALUATE}:decoded", "decoder")
def _(original):
    """Of the output of a decoder the atoms asked for are judged."""
    return edited("np.isfinite(output)", "np.isfinite(output[request.place[d.atom_rows] >= 0])")(original)


@fault("infinities-of-decoders-pass", f"{EVALUATE}:decoded", "decoder")
def _(original):
    """The output of a decoder is refused for NaN alone."""
    return edited("not np.isfinite(output).all()", "np.isnan(output).any()")(original)


@fault("silu-as-gelu", f"{DECODER}:mlp_v1", "decoder", "registry")
def _(original):
    """silu is the approximation of another unit, x / (1 + exp(-1.702 x))."""

    def wrong(latent, activation="tanh", **layers):
        from polystate.operators.neural_decoder.mlp_v1 import ACTIVATIONS, expit

        kept = ACTIVATIONS["silu"]
        ACTIVATIONS["silu"] = lambda x: x * expit(1.702 * x)
        try:
            return original(latent, activation, **layers)
        finally:
            ACTIVATIONS["silu"] = kept

    return wrong


@fault("cells-by-distance", CELL, "decoder")
def _(original):
    """The nearest cell is the one with the smallest root, which hides the last bit."""
    return edited("squares.argmin()", "np.sqrt(squares).argmin()")(original)


@fault("cells-in-32-bits", CELL, "decoder")
def _(original):
    """Sums are compared in 32 bits."""
    return edited("squares.argmin()", "squares.astype(np.float32).argmin()")(original)


@fault("mixtures-within-one-hundred-thousandth", f"{MEAN}:amplitude_errors", "validate")
def _(original):
    """Populations of a mixture may be 1e-5 from 1."""
    return edited("<= joint.TOLERANCE", "<= 10 * joint.TOLERANCE")(original)


@fault(
    "mixture-mean-not-divided", "polystate.operators.basis.gaussian_mixture_v1:expectation", "displacement", "moments"
)
def _(original):
    """The mean of a mixture is the sum of its means by population, whatever the populations sum to."""
    return lambda population, mean: population @ mean
