"""Wrong draws and refusals far from the plain case: high words, boundaries, operators that are unknown or outside."""

import hashlib
import json
import math

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

SAMPLING = "polystate.numbers.philox"
OPERATORS = "polystate.rules.operators"
EXACT = "sampling-exact"


def _low_word(stream):
    """Blocks of a stream by the low word of the draw index alone."""

    def make(original):
        def wrong(draw, draw_key, asked):
            own = type(draw)(draw.seed, draw.index & 0xFFFFFFFF) if asked == stream else draw
            return original(own, draw_key, asked)

        return wrong

    return make


@fault("component-of-the-low-word", f"{SAMPLING}:words", EXACT)
def _(original):
    """The high word of the draw index is left out where a component is drawn."""
    return _low_word(2)(original)


@fault("mixture-of-the-low-word", f"{SAMPLING}:words", EXACT)
def _(original):
    """The high word of the draw index is left out where a Gaussian of a mixture is chosen."""
    return _low_word(3)(original)


@fault("at-the-boundary-the-state-before", f"{SAMPLING}:uniform", EXACT)
def _(original):
    """A number that is a cumulated population takes the state before."""

    def wrong(draw, draw_key):
        found = original(draw, draw_key)
        for k, u in enumerate(found.tolist()):
            found[k] = math.nextafter(u, 0)
        return found

    return wrong


@fault("draw-key-0-is-none", "polystate.rules.hierarchy:draw_key_errors", "validate", EXACT)
def _(original):
    """Atoms of draw key 0 have none, so that several may have it."""
    return edited("counts.max() > 1", "counts[values > 0].max(initial=0) > 1")(original)


@fault("unknown-transform-turns-no-covariance", "polystate.evaluation.evaluate:covariance", "gaussian")
def _(original):
    """Covariances need no unknown transform, since it has none of its own."""
    known = "(t for t in transforms(request)) if not any(d.is_transform and d.operator_unknown for d in "
    known += "request.dep.descriptors.values()) else ()"
    return edited("in transforms(request):", f"in {known}:")(original)


@fault("unknown-site-needed-in-no-draw", "polystate.evaluation.contributions:Contributions._has_site", "moments")
def _(original):
    """Moments need an unknown operator of a site though no draw makes it active."""
    return edited("any(self.setting.likely(v)[: states[v]].any()", "any(True")(original)


@fault("uri-of-the-artifact-alone", "polystate.rules.artifacts:location_errors", "validate", "external")
def _(original):
    """The address of an operator outside is not judged, since its artifact has one."""
    return edited(', "operator": operator if _is_outside(operator) else {}', "")(original)


@fault("entry-hashed-as-sorted-json", f"{OPERATORS}:content_hash", "validate", "decoder")
def _(original):
    """The entry beside a body is hashed as JSON with sorted keys, which writes some numbers and orders differently."""

    def wrong(document):
        original(document)
        kept = {key: document[key] for key in ("id", "algebra", "signature", "formula", "defaults")}
        text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    return wrong


@fault("keys-of-some-atoms-by-id", "polystate.evaluation.rendering:_displacing", EXACT)
def _(original):
    """Atoms that are asked for alone are drawn by their ids, whatever their draw keys."""

    def wrong(asked, psd, sampled):
        hierarchy = asked.dep.hierarchy
        own = hierarchy.draw_key
        if len(asked.rows) < asked.dep.n_atoms:
            hierarchy.__dict__["draw_key"] = hierarchy.atom_id
        try:
            return original(asked, psd, sampled)
        finally:
            hierarchy.__dict__["draw_key"] = own

    return wrong
