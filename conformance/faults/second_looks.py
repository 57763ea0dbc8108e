"""Slips that a second look at the chapters 1, 4, 5, 8, 12 and 13 found told by one case or by none."""

from __future__ import annotations

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

DERIVATION = "polystate.rules.derivation"


@fault("beyond-only-in-the-first-number", "polystate.rules.payloads:value_errors", "validate")
def _(original):
    """Of an array the first number alone is compared with 10^9."""
    return edited("_first(np.abs(values) > LARGEST)", "_first(np.abs(values.reshape(-1)[:1]) > LARGEST)")(original)


@fault("derived-by-the-largest-number", f"{DERIVATION}:_difference", "validate")
def _(original):
    """Numbers made again may differ by 1e-9 of the largest of them."""
    return edited("np.abs(made))", "np.abs(made).max(initial=0))")(original)


@fault("mean-of-any-mode-a", f"{DERIVATION}:function_errors", "validate")
def _(original):
    """A mean may be anything of mode A, a trajectory too."""
    return edited("not (d.is_discrete and (", "not ((d.is_discrete or operator['id'] == MEAN) and (")(original)


@fault("levels-of-all-descriptors", f"{DERIVATION}:provenance_errors", "validate", "moments")
def _(original):
    """A stack has as many levels as all descriptors have scopes."""
    return edited("dep.descriptors.values() if o.is_gaussian", "dep.descriptors.values()")(original)


@fault("clause-as-a-range", "polystate.states.conditions:Conditions.__getitem__", "discrete", "gaussian")
def _(original):
    """A clause names the states from its first to its last."""
    whole = "frozenset(self.state[self.term[k] : self.term[k + 1]].tolist())"
    return edited(whole, "frozenset(range(self.state[self.term[k]], self.state[self.term[k + 1] - 1] + 1))")(original)
