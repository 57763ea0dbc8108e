"""Wrong readings of a descriptor (chapter 4): its keys, the table of combinations, its unknown signal, its payload."""

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

RULES = "polystate.rules"
COMBINATIONS = f"{RULES}.descriptors:combination_errors"
SCHEMA = f"{RULES}.documents:schema_errors"


@fault("table-of-any-signal", f"{RULES}.descriptors:_is_in", "validate")
def _(original):
    """A row of the table of combinations holds whatever the signal type is, but for Gaussian disorder."""
    return lambda found, row: original((*found[:2], row[2], found[3]), row) and row[2] != "gaussian_disorder"


@fault("table-of-any-operator", f"{RULES}.descriptors:_is_in", "validate")
def _(original):
    """A row of the table of combinations that has an operator holds for any."""
    return lambda found, row: found[:3] == row[:3] and (found[3] == row[3] or "" not in (found[3], row[3]))


@fault("table-of-any-regime", f"{RULES}.descriptors:_is_in", "validate")
def _(original):
    """A row of the table of combinations that has an operator holds for any regime."""
    return lambda found, row: found == row[:4] or (row[3] != "" and found[1:] == row[1:4])


@fault("table-of-any-algebra", COMBINATIONS, "validate")
def _(original):
    """A row of the table of combinations holds whatever the algebra is."""
    return edited("_is_in(row, p) and d.algebra in p[4]", "_is_in(row, p)")(original)


@fault("algebra-of-any-case", SCHEMA, "validate")
def _(original):
    """An algebra that differs in a capital is refused as any other word, not as an algebra."""
    return edited('document.get("algebra", "") not in', 'str(document.get("algebra", "")).lower() not in')(original)


@fault("algebra-of-text-alone", SCHEMA, "validate")
def _(original):
    """An algebra that is no text is refused by its type, not as an algebra."""
    return edited('and "algebra" in document else', 'and isinstance(document.get("algebra"), str) else')(original)


@fault("nulls-are-keys", f"{RULES}.documents:written", "validate")
def _(original):
    """A key that nobody knows is warned of though it is null."""
    return lambda kind, group: group.attributes


@fault("normalised-of-tls-alone", COMBINATIONS, "validate")
def _(original):
    """The word normalised is refused at Gaussian disorder of another operator than TLS."""
    return edited(
        "is not None and not d.is_gaussian",
        'is not None and not (d.is_gaussian and (key[0] == "b" or "tls" in d.operator))',
    )(original)


@fault("default-words-pass", COMBINATIONS, "validate")
def _(original):
    """A word that does not apply passes where its value is the default."""
    return edited("if d.document.get(key) is not None", "if d.document.get(key) not in (None, True)")(original)


@fault("policies-anywhere", COMBINATIONS, "validate")
def _(original):
    """A policy may stand at any descriptor."""
    return edited('("broadcast_policy", "normalised")', '("normalised",)')(original)


@fault("content-of-gaussians-alone", COMBINATIONS, "validate")
def _(original):
    """adp_content is refused at an unknown signal."""
    return edited('("broadcast_policy", "normalised")', '("broadcast_policy", "adp_content", "normalised")')(original)


# -- refusals of the schema that stop at one kind ----------------------------------------------------------


def passing(rule, applies):
    """The schema without one of its rules where that would refuse a document of some kind."""

    def make(original):
        def wrong(kind, path, document):
            found = original(kind, path, document)
            return (e for e in found if not (kind == "descriptor" and rule in e.expected and applies(document)))

        return wrong

    return make


def operator_of(document):
    return (document.get("operator") or {}).get("id", "")


@fault("transforms-of-any-motion", SCHEMA, "validate")
def _(original):
    """A basis or a table of cells may act as a transform."""
    return passing("only a rigid body", lambda d: operator_of(d).startswith(("basis/", "lookup_table/")))(original)


@fault("listed-states-added", SCHEMA, "validate")
def _(original):
    """The algebra of states is judged in mode B alone."""
    return passing("discrete states in modes A and B", lambda d: d.get("mode") == "A")(original)


@fault("state-axes-of-trajectories", SCHEMA, "validate")
def _(original):
    """A trajectory may have a state axis."""
    return passing("only a discrete descriptor", lambda d: d.get("regime") == "trajectory")(original)


@fault("covariances-of-unknown-signal", SCHEMA, "validate")
def _(original):
    """An unknown signal that is added as covariance may have any operator."""
    return passing("a covariance comes from", lambda d: d.get("signal_type") == "unknown")(original)


@fault("operators-of-unknown-signal", SCHEMA, "validate")
def _(original):
    """An unknown signal with an operator of covariances may have any algebra."""
    return passing("a parametric Gaussian is added", lambda d: d.get("signal_type") == "unknown")(original)


# -- unknown signals: what is judged -----------------------------------------------------------------------


@fault("axes-of-gaussians-alone", COMBINATIONS, "validate")
def _(original):
    """Whether an operator may lie along an axis is asked of Gaussian disorder alone."""
    return edited("d.axis is not None and not d.procedure", "d.axis is not None and d.is_gaussian and not d.procedure")(
        original
    )


@fault("two-axes-of-coordinates-alone", COMBINATIONS, "validate")
def _(original):
    """A state axis beside a sample axis is refused of coordinates alone."""
    return edited("is not None and d.axis is not None", "is not None and d.axis is not None and d.is_absolute")(
        original
    )


@fault("unknown-bundles-unjudged", f"{RULES}.axes:bundle_errors", "validate")
def _(original):
    """The states of an unknown signal need not be the steps of its axis."""
    return lambda d, site, state: () if d.signal_type == "unknown" else original(d, site, state)


@fault("unknown-bundles-share-an-axis", f"{RULES}.axes:shared_axis_errors", "validate")
def _(original):
    """A state axis of an unknown signal is nobody's."""
    return edited("if name is not None and", 'if name is not None and d.signal_type != "unknown" and')(original)


@fault("conditions-of-unknown-signals-free", f"{RULES}.states:dag_errors", "validate")
def _(original):
    """The conditions of an unknown signal that is not discrete may name anything."""
    return edited(
        'if not d.is_discrete and d.table("', 'if not d.is_discrete and d.signal_type != "unknown" and d.table("'
    )(original)


@fault("unknown-signals-of-any-condition", f"{RULES}.states:condition_errors", "validate")
def _(original):
    """The condition under which an unknown signal is active need not exist."""
    return edited("np.array([d.active_when])", 'np.array([-1 if d.signal_type == "unknown" else d.active_when])')(
        original
    )


@fault("unknown-signals-of-any-key", f"{RULES}.states:draw_key_errors", "validate")
def _(original):
    """Draw keys of an unknown signal may be those of others, since nothing of it is drawn."""
    return edited("filter(d.table,", "filter(lambda t: d.signal_type != 'unknown' and d.table(t),")(original)


@fault("algebras-of-states-judged", COMBINATIONS, "validate")
def _(original):
    """The algebra of states of unknown signal has to be that of their operator."""
    return edited("and not d.is_discrete and d.algebra", "and d.algebra")(original)


@fault("unknown-signals-warned-once", f"{RULES}.doubtful:warnings", "validate")
def _(original):
    """One warning says of a deposition that it has an unknown signal."""
    return edited(
        'if d.signal_type == "unknown":',
        'if d.signal_type == "unknown" and not any(w["code"] == "unknown-signal" for w in result):',
    )(original)


# -- unknown signals: what is not judged -------------------------------------------------------------------


@fault("occupancies-of-unknown-signals", f"{RULES}.descriptors:payload_errors", "validate")
def _(original):
    """Occupancies of an unknown signal have to name atoms and conditions that exist."""

    def wrong(d, part="all"):
        yield from original(d, part)
        if d.signal_type == "unknown" and "occupancy" in d.group.tables:
            rows = d.group.tables["occupancy"]
            d.rows_of_ids(np.asarray(rows["atom_id"]), f"{d.path}/occupancy/atom_id")
            yield from unknown_conditions(d, np.asarray(rows["condition"]))

    return wrong


@fault("rows-of-unknown-signals", f"{RULES}.descriptors:payload_errors", "validate")
def _(original):
    """Conditions at the rows of an unknown signal have to exist."""

    def wrong(d, part="all"):
        yield from original(d, part)
        if d.signal_type == "unknown" and "condition" in d.group.arrays:
            yield from unknown_conditions(d, np.asarray(d.group.arrays["condition"]))

    return wrong


def unknown_conditions(d, numbers):
    from polystate.errors import DanglingRow

    known = {-1, *d.table("conditions").get("condition", [])}
    if not known.issuperset(numbers.tolist()):
        yield DanglingRow(d.path, numbers.tolist(), sorted(known))


@fault("maps-of-unknown-signals", "polystate.model.descriptor:Descriptor.is_mapped", "validate")
def _(original):
    """An unknown signal whose atoms are mapped needs its map."""
    return property(lambda self: (self.document.get("atom_identity") or {}).get("kind") == "mapped")
