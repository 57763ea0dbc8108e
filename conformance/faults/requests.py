"""Wrong answers to requests: defaults of options, orders, what is left out."""

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

ADAPTER = "polystate_conformance.implementations.reference"
EXACT = "sampling-exact"


def _edited(kinds, kind, old, new):
    """The answers of an adapter by kind, one of them changed."""
    return {**kinds, kind: edited(old, new)(kinds[kind])}


@fault("an-index-of-one-by-itself", f"{ADAPTER}:_KINDS", EXACT)
def _(original):
    """A request without an index means the draw 1."""
    return _edited(original, "draw", 'request.get("index", "0")', 'request.get("index", "1")')


@fault("variables-in-ascending-order", f"{ADAPTER}:_many", EXACT)
def _(original):
    """The states of several variables stand in ascending order of their names."""
    return edited("for name in names]", "for name in sorted(names)]")(original)


@fault("variable-before-variables", f"{ADAPTER}:_many", EXACT)
def _(original):
    """Of variable and variables the first wins."""
    return edited('("variable" in request) == ("variables" in request)',
                  '"variable" not in request and "variables" not in request')(original)  # fmt: skip


@fault("inactive-is-no-text", f"{ADAPTER}:_labels", EXACT)
def _(original):
    """The state of an inactive variable is an empty text."""
    return lambda *given: [label or "" for label in original(*given)]


@fault("levels-as-asked", f"{ADAPTER}:_KINDS", "gaussian")
def _(original):
    """Levels are listed in the order of the request."""
    return _edited(original, "evaluate", '[name for name in known if name in request.get("descriptors", known)]',
                   'request.get("descriptors", known)')  # fmt: skip


@fault("no-descriptors-are-all", f"{ADAPTER}:_KINDS", "gaussian")
def _(original):
    """An empty list of descriptors restricts nothing."""
    return _edited(original, "evaluate", 'levels=request.get("descriptors"), by_level',
                   'levels=request.get("descriptors") or None, by_level')  # fmt: skip


@fault("warnings-of-what-nobody-asked", f"{ADAPTER}:_KINDS", "gaussian")
def _(original):
    """Covariances are judged whatever the outputs."""
    return _edited(original, "evaluate", 'if outputs & {"covariance", "covariance_by_level"}:', "if True:")


@fault("computed-arrays-as-stored", f"{ADAPTER}:_array", "read")
def _(original):
    """Arrays that are computed are described as if they were stored."""

    def wrong(dep, path):
        group, _, name = path.rpartition("/")
        d = dep.descriptors.get(group.removeprefix("descriptors/"))
        return original(dep, path) if d is None else np.asarray(d.array(name))

    return wrong


@fault("positions-may-be-missing", "polystate.operators.inputs:_refuse_missing", "registry")
def _(original):
    """Positions that are missing are not missed."""
    return edited("and name not in given:", 'and name not in given and name != "xyz":')(original)


@fault(
    "a-half-of-a-draw-beside-amplitudes",
    "polystate.operators.basis.gaussian_mixture_v1:gaussian_mixture_v1",
    "registry",
)
def _(original):
    """Beside given amplitudes half of a draw is left out."""
    return edited("if len(draw) == 1:", "if len(draw) == 1 and coefficients is None:")(original)
