"""Wrong readers of operators that they do not know: refused where they are not needed, passed over where they are."""

from polystate_conformance.selftest.planting import fault

EVALUATE = "polystate.evaluation.evaluate"


@fault("unknown-operator-refused", "polystate.rules.operators:operator_errors", "validate", "gaussian", "displacement")
def _(original):
    """A deposition is refused for an operator that the registry lacks, whatever is asked."""

    def wrong(where, operator):
        from polystate.errors import UnknownOperator
        from polystate_schemas.registry import entries

        if operator and operator.get("id") not in entries():
            yield UnknownOperator(f"{where}/id", operator.get("id"), "an operator of the registry")
        yield from original(where, operator)

    return wrong


@fault("unknown-operator-adds-nothing", f"{EVALUATE}:is_active", "gaussian", "displacement", "sampling-exact")
def _(original):
    """What an unknown operator contributes is taken as zero."""
    return lambda d, request: original(d, request) and not d.operator_unknown


@fault("unknown-operator-reaches-all", f"{EVALUATE}:is_active", "gaussian", "displacement", "sampling-exact")
def _(original):
    """An unknown operator is taken to contribute to every atom."""

    def wrong(d, request):
        from polystate.evaluation.evaluate import is_in_force

        return is_in_force(d, request) if d.operator_unknown else original(d, request)

    return wrong


@fault("unknown-subcase-refused", "polystate.rules.descriptors:_is_in", "validate")
def _(original):
    """An operator of a subcase that the registry lacks is in no row of the table."""
    return lambda found, row: found == row[:4]


@fault("unknown-operator-in-moments", "polystate.evaluation.contributions:Contributions._can_act", "moments")
def _(original):
    """Moments take an unknown operator for one that never acts."""
    return lambda self, d: original(self, d) and not d.operator_unknown


@fault("hash-of-a-carried-entry-not-checked", "polystate.rules.operators:content_hash", "validate")
def _(original):
    """The entry beside a body is taken to have whatever hash the descriptor pins."""

    class Any(str):
        def __eq__(self, other):
            return True

        def __ne__(self, other):
            return False

        __hash__ = str.__hash__

    return lambda entry: Any(original(entry))


@fault("carried-entry-over-the-registry", "polystate.rules.operators:entries", "validate")
def _(original):
    """Ids of the registry may be given another meaning in a file."""
    import sys

    def wrong():
        return {} if sys._getframe(1).f_code.co_name == "entry_errors" else original()

    return wrong


@fault("carried-vectors-not-read", "polystate.rules.operators:misfits", "validate")
def _(original):
    """Vectors beside a body are kept whatever they name."""
    return lambda document, vector: []
