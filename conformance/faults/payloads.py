"""Wrong readings of the arrays and tables of a descriptor (chapter 4): atoms, states, populations, order."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

RULES = "polystate.rules"
VALUES, ORDER = f"{RULES}.payloads:value_errors", f"{RULES}.payloads:order_errors"
JOINT = "polystate.states.joint:States"


@fault("occupancies-outside-the-scope", f"{RULES}.descriptors:_outside_errors", "validate")
def _(original):
    """An occupancy may be of any atom that there is."""
    return lambda d, ids, rows, where: () if "/occupancy/" in where else original(d, ids, rows, where)


@fault("atoms-outside-the-scope", f"{RULES}.descriptors:_outside_errors", "validate")
def _(original):
    """Whether atoms have a label is asked of occupancies and of B-factors alone."""
    return lambda d, ids, rows, where: (
        original(d, ids, rows, where) if d.table("occupancy") or d.has("condition") else ()
    )


@fault("levels-hold-every-atom", f"{RULES}.descriptors:_outside_errors", "validate")
def _(original):
    """At a level of the hierarchy every atom has a label."""
    return lambda d, ids, rows, where: () if "level" in d.document["scope"] else original(d, ids, rows, where)


@fault("repeats-beside-each-other", ORDER, "validate")
def _(original):
    """What is to stand once, in any order, is looked for beside itself alone."""
    return edited("if not ordered:", "if False:")(original)


@fault("a-site-too-far", f"{RULES}.states:state_errors", "validate")
def _(original):
    """A site may be the number of labels."""
    return edited("site, d.n_labels)", "site, d.n_labels + 1)")(original)


@fault("labels-of-a-descriptor", f"{RULES}.states:_relabelled", "validate")
def _(original):
    """A label names one state of the whole descriptor."""

    def wrong(site, state, labels):
        taken = {}
        return next((k for k, x in enumerate(labels) if taken.setdefault(x, state[k]) != state[k]), None)

    return wrong


@fault("labels-of-neighbours", f"{RULES}.states:_relabelled", "validate")
def _(original):
    """Two states of one label are looked for beside each other alone."""

    def wrong(site, state, labels):
        rows = range(1, len(labels))
        same = (k for k in rows if labels[k] == labels[k - 1] and site[k] == site[k - 1] and state[k] != state[k - 1])
        return next(same, None)

    return wrong


@fault("deposited-probabilities", VALUES, "validate")
def _(original):
    """What was deposited has to be a probability."""
    return lambda where, values, column: original(
        where, values, {**column, "minimum": 0.0, "maximum": 1.0} if where.endswith("/deposited") else column
    )


@fault("deposited-infinities", VALUES, "validate")
def _(original):
    """Where NaN is permitted, infinities are."""
    return edited(
        "bad = _first(~np.isfinite(values))",
        "bad = None if column.get('nan') else _first(~np.isfinite(values))",
    )(original)


@fault("a-bit-below-zero", VALUES, "validate")
def _(original):
    """A population may be below 0 by as much as it may be above 1."""
    return edited("outside |= values < low", 'outside |= values < low - (1e-6 if where.endswith("population") else 0)')(
        original
    )


@fault("populations-of-one-exactly", f"{JOINT}._check_ranges", "validate")
def _(original):
    """One population may not exceed 1."""
    return edited("<= 1 + TOLERANCE", "<= 1")(original)


@fault("sums-of-one-exactly", f"{JOINT}._check_flat", "validate")
def _(original):
    """The populations of a variable without conditions may not exceed 1 in sum."""
    return edited("totals > 1 + TOLERANCE", "totals > 1")(original)


@fault("sums-within-1e-5", f"{JOINT}._check_flat", "validate")
def _(original):
    """The populations of a variable may exceed 1 by 1e-5 in sum."""
    return edited("totals > 1 + TOLERANCE", "totals > 1 + 1e-5")(original)


@fault("atoms-of-files-repeat", f"{RULES}.payloads:array_errors", "validate")
def _(original):
    """An atom may be named twice where a file has its coordinates."""
    return edited('if column.get("unique") and', 'if column.get("unique") and len(group.arrays) > 1 and')(original)


@fault("variables-of-some-sites", f"{RULES}.states:state_errors", "validate")
def _(original):
    """A site may have no variable."""
    return edited("not np.array_equal(", "not (lambda some, sites: set(some) <= set(sites))(")(original)


@fault("variables-of-more-sites", f"{RULES}.states:state_errors", "validate")
def _(original):
    """A site without states may have a variable."""
    return edited("not np.array_equal(", "not (lambda some, sites: set(some) >= set(sites))(")(original)


@fault("conditions-by-number", f"{JOINT}._check_conditional", "validate")
def _(original):
    """Populations are summed by the number of their condition, whatever it says."""
    return edited(
        "rows = self.dag.rows(v)",
        """rows = self.dag.rows(v)
    class Numbered(tuple):
        __hash__ = tuple.__hash__
        def __eq__(self, other):
            return self is other
    rows.condition = [None if c is None else Numbered(c) for c in rows.condition]""",
    )(original)


def compared(columns):
    """Rows in order by some of their columns."""
    return edited(
        "if ordered:\n        for k in",
        "if ordered:\n"
        f"        above |= np.logical_and.reduce([p[order[:-1]] == p[order[1:]] for p in parts[:{columns}]])\n"
        "        for k in",
    )


@fault("orders-but-for-the-last-column", ORDER, "validate")
def _(original):
    """Rows may be in any order of their last column."""
    return lambda where, columns, key, ordered, duplicate: (
        compared(-1)(original)(where, columns, key, ordered, duplicate)
        if len(key) > 1
        else original(where, columns, key, ordered, duplicate)
    )


@fault("orders-of-one-column", ORDER, "validate")
def _(original):
    """Rows are in order if their first column is."""
    return lambda where, columns, key, ordered, duplicate: (
        compared(1)(original)(where, columns, key, ordered, duplicate)
        if len(key) > 1
        else original(where, columns, key, ordered, duplicate)
    )


@fault("states-of-any-site", f"{RULES}.states:_sparse_errors", "validate")
def _(original):
    """The site and the state of a row need not be those of one row of states."""
    return edited(
        "~np.isin((site << 32) + state, known)",
        '~(np.isin(site, d.column("states", "site")) & np.isin(state, d.column("states", "state")))',
    )(original)


@fault("negative-zeros-move", f"{RULES}.states:_sparse_errors", "validate")
def _(original):
    """A difference of -0 is none of 0."""
    return edited("(moved == 0)", "((moved == 0) & ~np.signbit(moved))")(original)
