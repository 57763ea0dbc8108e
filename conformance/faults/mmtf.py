"""Wrong decoders of MMTF: order of the group list, versions, bond orders, what is missing."""

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

FORMAT = "polystate_tools.formats.mmtf"


@fault("groups-in-order-of-text", f"{FORMAT}.groups:normalise", "mmtf")
def _(original):
    """A group list that is a map is put in the order of its keys as text."""
    return edited("order = sorted(by_number)", "order = sorted(by_number, key=str)")(original)


@fault("groups-not-renumbered", f"{FORMAT}.decoder:_renumber", "mmtf")
def _(original):
    """Types of groups stay the keys of a map, as if they were places in its list."""
    return lambda made, keys: None


@fault("version-in-its-first-digit", f"{FORMAT}.decoder:check_version", "mmtf")
def _(original):
    """Version 10.0 is taken for 1."""
    return edited('version.partition(".")[0] not in', "version[:1] not in")(original)


@fault("bond-orders-unchecked-below", f"{FORMAT}.groups:normalise", "mmtf")
def _(original):
    """The bond order 0 passes."""
    return _with_orders(original, 0)


@fault("bond-orders-unchecked-above", f"{FORMAT}.groups:normalise", "mmtf")
def _(original):
    """The bond order 5 passes."""
    return _with_orders(original, 5)


def _with_orders(original, order):
    def wrong(value, *rest, **options):
        listed = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
        lists = [group["bondOrderList"] for group in listed if isinstance(group, dict) and
                 isinstance(group.get("bondOrderList"), list)]  # fmt: skip
        places = [(orders, k) for orders in lists for k, found in enumerate(orders) if found == order]
        for orders, k in places:
            orders[k] = 1
        try:
            return original(value, *rest, **options)
        finally:
            for orders, k in places:
                orders[k] = order

    return wrong


@fault("no-sequence-index-is-zero", f"{FORMAT}.decoder:decode", "mmtf")
def _(original):
    """A group without a place in the sequence has place 0."""

    def wrong(*given, **options):
        made = original(*given, **options)
        if "sequenceIndexList" in made:
            made.fields["sequenceIndexList"] = np.maximum(made["sequenceIndexList"], 0)
        return made

    return wrong


@fault("required-of-1.0-only", f"{FORMAT}.groups:_check", "mmtf")
def _(original):
    """A required field that only the draft names is not missed."""
    return edited("if required and name", 'if dialect != "draft" and required and name')(original)
