"""Wrong readings of axes (4.7, 11), of what lies along them, and of annotations (14)."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

RULES = "polystate.rules"
VALIDATE = "polystate.rules.validate:ground_errors"


@fault("steps-of-coordinates-alone", f"{RULES}.payloads:_shape_error", "validate")
def _(original):
    """The number of steps is compared with the length of the axis for coordinates alone."""

    def wrong(where, shape, shapes, sizes, axis):
        error = original(where, shape, shapes, sizes, axis)
        return error if error is None or error.code != "axis-length" or where.endswith("/xyz") else None

    return wrong


@fault("times-of-an-axis-alone", f"{RULES}.payloads:_shape_error", "validate")
def _(original):
    """Of the arrays of an axis the shape of its times is judged alone."""

    def wrong(where, shape, shapes, sizes, axis):
        error = original(where, shape, shapes, sizes, axis)
        return error if not where.startswith("axes/") or where.endswith("/time") else None

    return wrong


@fault("labels-by-place", f"{RULES}.axes:label_errors", "validate")
def _(original):
    """A label is the place of a state among those of its site."""
    return edited('np.isin(d.array("labels"), state)', '(d.array("labels") < len(np.unique(state)))')(original)


@fault("labels-up-to-the-largest", f"{RULES}.axes:label_errors", "validate")
def _(original):
    """A label may be any number up to the largest of a state."""
    return edited('np.isin(d.array("labels"), state)', '(d.array("labels") <= state.max())')(original)


@fault("labels-of-no-axis-judged", f"{RULES}.states:state_errors", "validate")
def _(original):
    """Labels of a descriptor without a sample axis have to be those of its states."""
    return edited("if d.axis is not None and part", 'if (d.axis is not None or d.has("labels")) and part')(original)


@fault("bundles-counted", f"{RULES}.axes:bundle_errors", "validate")
def _(original):
    """A bundle has as many states as its axis has steps, of whatever numbers."""
    return edited(" or not np.array_equal(numbers, np.arange(len(numbers)))", "")(original)


@fault("bundles-by-their-last", f"{RULES}.axes:bundle_errors", "validate")
def _(original):
    """The last state of a bundle is the last step of its axis, whatever is before it."""
    return edited("!= n or not np.array_equal(numbers, np.arange(len(numbers)))", "< 0 or numbers[-1] != n - 1")(
        original
    )


@fault("bundles-by-rows", f"{RULES}.axes:bundle_errors", "validate")
def _(original):
    """A bundle has one row of states a step."""
    return edited("!= n or", "!= n or len(state) != n or")(original)


# -- annotations -------------------------------------------------------------------------------------------


def judging(refuse):
    """Validation that refuses items of annotations."""

    def make(original):
        from polystate.errors import UnknownState

        def wrong(dep):
            yield from original(dep)
            for path, group in dep.tree.items():
                items = group.attributes.get("items", []) if path.startswith("annotations/") else []
                if any(refuse(dep, item, items) for item in items):
                    yield UnknownState(f"{path}#/items", "a selector", "something that exists")

        return wrong

    return make


@fault("selectors-of-descriptors-judged", VALIDATE, "validate")
def _(original):
    """An annotation has to name a descriptor that exists."""
    return judging(lambda dep, item, items: item["selector"].get("descriptor", "alt") not in dep.descriptors)(original)


@fault("selectors-of-states-judged", VALIDATE, "validate")
def _(original):
    """An annotation has to name a site and a state that its descriptor has."""

    def refuse(dep, item, items):
        s = item["selector"]
        if s["target"] != "state" or s["descriptor"] not in dep.descriptors:
            return False
        d = dep.descriptors[s["descriptor"]]
        known = zip(d.column("states", "site").tolist(), d.column("states", "state").tolist(), strict=True)
        return (s["site"], s["state"]) not in set(known)

    return judging(refuse)(original)


@fault("selectors-of-axes-judged", VALIDATE, "validate")
def _(original):
    """An annotation has to name an axis that exists."""
    return judging(lambda dep, item, items: item["selector"].get("axis", "frame") not in dep.axes)(original)


@fault("selectors-of-steps-judged", VALIDATE, "validate")
def _(original):
    """An annotation has to name steps that its axis has."""

    def refuse(dep, item, items):
        axis = dep.axes.get(item["selector"].get("axis"))
        return axis is not None and any(k >= axis.length for k in item["selector"].get("steps", []))

    return judging(refuse)(original)


@fault("selectors-of-labels-judged", VALIDATE, "validate")
def _(original):
    """An annotation has to name labels that its scope has, and a grouping that exists."""

    def refuse(dep, item, items):
        scope = item["selector"].get("scope", {})
        if "grouping" in scope:
            return scope["grouping"] not in dep.groupings
        return "level" in scope and max(item["selector"].get("labels", [-1])) >= dep.hierarchy.size(scope["level"])

    return judging(refuse)(original)


@fault("origins-of-annotations-judged", VALIDATE, "validate", "read")
def _(original):
    """An annotation has to name a block of provenance that exists."""

    def refuse(dep, item, items):
        return "provenance" in item and f"provenance/{item['provenance']}" not in dep.tree

    return judging(refuse)(original)


@fault("bodies-that-say-something", VALIDATE, "validate")
def _(original):
    """The body of an annotation has to say something."""
    return judging(lambda dep, item, items: not item["body"])(original)


@fault("ids-of-annotations-unique", VALIDATE, "validate")
def _(original):
    """An id of an annotation stands once."""
    return judging(lambda dep, item, items: [i.get("id", i) for i in items].count(item.get("id", item)) > 1)(original)
