"""Wrong readers of disorder: levels out of order, scales of TLS judged in part, signs and gates that are lost."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

EVALUATE = "polystate.evaluation.evaluate"
REQUEST = "polystate.evaluation.request"
TLS = "polystate.rules.covariance:tls_errors"
STRAY = "(tls[:, :20] != 0).any(axis=1)"


@fault("labels-are-those-with-atoms", "polystate.structure.ground:Ground.scope_labels", "gaussian", "validate")
def _(original):
    """A level has as many labels as its table has rows with atoms."""

    def wrong(self, scope, where="scope"):
        labels, count = original(self, scope, where)
        return labels, count if "grouping" in scope else int(labels.max(initial=-1)) + 1

    return wrong


@fault("levels-in-natural-order", f"{EVALUATE}:gaussian_levels", "gaussian")
def _(original):
    """Ties are in the order in which people count: b2 before b10."""
    import re

    def key(d):
        return [(len(part), part) if part.isdigit() else (0, part) for part in re.split("([0-9]+)", d.id)]

    return lambda dep: sorted(sorted(original(dep), key=key), key=lambda d: d.n_labels)


@fault("levels-ignore-punctuation", f"{EVALUATE}:gaussian_levels", "gaussian")
def _(original):
    """Ties are in the order of a dictionary, which leaves hyphens and periods out."""
    return edited("d.id.encode()", "d.id.translate({45: None, 46: None, 95: None}).encode()")(original)


@fault("levels-of-atoms-asked", f"{EVALUATE}:covariance", "gaussian")
def _(original):
    """A level that covers no atom asked for is left out."""

    def wrong(request, levels=None, by_level=False):
        from polystate.evaluation.evaluate import gaussian_levels

        chosen = gaussian_levels(request.dep) if levels is None else list(levels)
        return original(request, [d for d in chosen if d.covered[request.rows].any()], by_level)

    return wrong


@fault("named-levels-are-not-turned", f"{EVALUATE}:covariance", "displacement", "gaussian")
def _(original):
    """Transforms turn the sum of all levels, none that is asked for by name."""

    def wrong(request, levels=None, by_level=False):
        from polystate.evaluation.evaluate import gaussian_levels, level_covariance

        if levels is None or len(levels) == len(gaussian_levels(request.dep)):
            return original(request, levels, by_level)
        each = [level_covariance(d, request) for d in levels]
        return np.stack(each) if by_level else np.sum(each, axis=0)

    import numpy as np

    return wrong


@fault("no-level-named-is-all", f"{REQUEST}:chosen_levels", "gaussian")
def _(original):
    """A request that names no descriptor is one that does not ask by name."""
    return lambda dep, levels=None: original(dep, levels or None)


@fault("stray-translation-alone", TLS, "validate")
def _(original):
    """A row without amplitude is looked at for a translation alone."""
    return edited(STRAY, "(tls[:, :6] != 0).any(axis=1)")(original)


@fault("stray-screw-passes", TLS, "validate")
def _(original):
    """A row without amplitude may have a screw."""
    return edited(STRAY, "(tls[:, :12] != 0).any(axis=1)")(original)


@fault("stray-origin-refused", TLS, "validate")
def _(original):
    """A row without amplitude may have no origin."""
    return edited(STRAY, "(tls != 0).any(axis=1)")(original)


@fault("empty-groups-free-of-both", TLS, "validate")
def _(original):
    """A label without atoms is free of all that is asked of a row."""
    return edited(STRAY, f"{STRAY} & (counts > 0)")(original)


@fault("unnormalised-frees-of-scale-alone", "polystate.rules.descriptors:_content_errors", "validate")
def _(original):
    """`normalised: false` leaves a row without amplitude to be judged."""

    def wrong(d, part):
        from polystate.rules.covariance import tls_errors

        yield from original(d, part)
        if part not in ("states", "labels") and d.procedure.placed == "groups":
            yield from (e for e in tls_errors(d) if "amplitude" in str(e.found))

    return wrong


@fault("negative-amplitudes-unjudged", TLS, "validate")
def _(original):
    """A row of a negative amplitude has no scale."""
    return edited("off = (tls[:, 20] != 0)", "off = (tls[:, 20] > 0)")(original)


@fault("groups-of-one-atom-unjudged", TLS, "validate")
def _(original):
    """The scale of one atom's group is not judged."""
    return edited("(counts > 0)", "(counts > 1)")(original)


@fault("scale-in-the-frame-of-the-deposition", TLS, "validate")
def _(original):
    """Rows are judged at x_ref, also where the descriptor has an offset."""
    return edited("d.to_fitted(xyz)", "xyz")(original)


@fault("amplitude-as-a-size", "polystate.operators.parametric_gaussian.tls_v1:tls_v1", "gaussian")
def _(original):
    """A negative amplitude counts by its size."""
    return edited("= tls[:, 20],", "= abs(tls[:, 20]),")(original)


@fault("tolerance-of-the-larger-term", "polystate.numbers.positive:indefinite", "gaussian", "sampling-exact")
def _(original):
    """Of the two terms of the tolerance the larger one counts, not their sum."""
    return edited(
        "PSD_RELATIVE * np.maximum(eigenvalues[:, 2], 0) + PSD_ABSOLUTE",
        "np.maximum(PSD_RELATIVE * eigenvalues[:, 2], PSD_ABSOLUTE)",
    )(original)


@fault("draws-judged-by-the-total", "polystate.evaluation.rendering:_displacing", "axes", "sampling-exact")
def _(original):
    """A draw is refused by the sum of all levels, not by that of those that it is drawn from."""
    of_total = 'asked.backend.displacing(evaluate.covariance(asked), keys, "hierarchy/atoms", psd)'
    drawn = 'return asked.backend.displacing(u, keys, "hierarchy/atoms", '
    return edited(f"{drawn}psd)", f'{of_total}\n            {drawn}"clip")')(original)


@fault("draws-judged-by-other-atoms", "polystate.evaluation.rendering:_displacing", "axes", "sampling-exact")
def _(original):
    """A draw of some atoms is refused by the U of another one."""
    rows = "np.arange(asked.dep.n_atoms)"
    of_all = f"evaluate.covariance(__import__('dataclasses').replace(asked, rows={rows}), sampled)"
    drawn = 'return asked.backend.displacing(u, keys, "hierarchy/atoms", psd), clipped'
    judged = f'asked.backend.displacing({of_all}, asked.dep.hierarchy.draw_key, "hierarchy/atoms", psd)'
    return edited(drawn, f"{judged}\n            {drawn}")(original)


@fault("tls-judged-where-always-active", "polystate.rules.descriptors:_content_errors", "gaussian", "validate")
def _(original):
    """The scale of a TLS descriptor under a condition is not judged."""
    return edited('d.procedure.placed == "groups" and', 'd.procedure.placed == "groups" and d.active_when == -1 and')(
        original
    )
