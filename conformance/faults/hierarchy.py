"""Wrong readers of atoms, residues, bonds and assemblies: bounds, texts and repeats that are judged in part."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

RULES = "polystate.rules.hierarchy"
ROWS = "polystate.rules.payloads:row_errors"
ORDER = "polystate.rules.payloads:order_errors"
VALUES = "polystate.rules.payloads:value_errors"


def _none_in(*columns):
    """A reading of row numbers by which -1 says none in some columns."""
    return lambda original: (
        lambda where, rows, size, none=False: original(where, rows, size, none or where.endswith(columns))
    )


@fault("no-residue-or-chain-passes", ROWS, "validate")
def _(original):
    """An atom of no residue and a residue of no chain pass, as a chain of no entity does."""
    return _none_in("atoms/residue", "residues/chain")(original)


@fault("none-in-an-assembly", ROWS, "validate")
def _(original):
    """The operator and the chain of an assembly may be -1."""
    return _none_in("1/operator", "1/chain")(original)


@fault("any-negative-row-is-none", ROWS, "validate")
def _(original):
    """Where -1 says none, every negative number does."""
    return edited("rows < (-1 if none else 0)", "(rows < 0) & (not none)")(original)


@fault("bonds-to-one-row-more", ROWS, "validate")
def _(original):
    """The second atom of a bond may be the row after the last."""
    return lambda where, rows, size, none=False: original(where, rows, size + where.endswith("atom_b"), none)


@fault("vocabularies-in-utf-16", f"{RULES}:_vocabulary_errors", "validate")
def _(original):
    """Words are in order of their UTF-16 units, as many languages compare texts."""
    return edited('"utf-8"', '"utf-16-be"')(original)


@fault("vocabularies-in-alphabetical-order", f"{RULES}:_vocabulary_errors", "validate")
def _(original):
    """Words that are in order of the alphabet pass."""
    return edited("sorted(encoded)", "sorted(encoded) and encoded != sorted(encoded, key=bytes.lower)")(original)


@fault("unused-empty-text-passes", f"{RULES}:_vocabulary_errors", "validate")
def _(original):
    """The empty text may stand in a vocabulary without a row that uses it."""
    return edited("np.arange(len(words))", "[k for k, word in enumerate(words) if word]")(original)


@fault("no-position-is-minus-one", VALUES, "validate")
def _(original):
    """A position of -1 says that a residue has its position alone."""
    return lambda where, values, column: original(
        where, values, {**column, "minimum": -1} if where.endswith("residues/position") else column
    )


@fault("label-seq-from-one", VALUES, "validate")
def _(original):
    """Numbers of a sequence begin at 1: what is neither that nor -1 is refused."""
    return lambda where, values, column: original(
        where, values - (values == 0) * 9 if where.endswith("residues/label_seq") else values, column
    )


@fault("bonds-differ-by-order", ORDER, "validate")
def _(original):
    """Two bonds of the same atoms with another order are two bonds."""

    def wrong(where, columns, key, ordered, duplicate):
        if list(key) == ["atom_a", "atom_b"]:
            return iter(())
        return original(where, columns, key, ordered, duplicate)

    return wrong


@fault("repeats-side-by-side", ORDER, "validate")
def _(original):
    """Bonds and pairs of an assembly are compared with the one before alone."""

    def wrong(where, columns, key, ordered, duplicate):
        for error in original(where, columns, key, ordered or where.startswith("hierarchy/"), duplicate):
            if error.code != "unsorted-rows" or ordered:
                yield error

    return wrong


@fault("last-row-of-first-operator", f"{RULES}:_affine_errors", "validate")
def _(original):
    """The last row is looked at in the first operator."""
    return edited("(operators[:, 3]", "(operators[:1, 3]")(original)


@fault("last-row-nearly", f"{RULES}:_affine_errors", "validate")
def _(original):
    """A last row within 1e-6 passes."""
    return lambda where, operators: original(where, operators.round(6))


@fault("words-of-ncs-may-be-fewer", f"{RULES}:_ncs_errors", "validate")
def _(original):
    """Operators of NCS without a word are taken as not given."""
    return edited("given != operators", "given > operators")(original)
