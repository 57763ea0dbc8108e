"""Slips about groupings: labels and nodes, rows beyond their level, order, kinds, versions, weights, scopes."""

import numpy as np

from polystate.errors import UnsupportedCombination
from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

RULES = "polystate.rules.groupings:grouping_errors"
LABELS = "polystate.rules.groupings:label_errors"
SCOPE = "polystate.structure.groupings:Grouping.label_of_atoms"
REPEATED = "if len(set(labels)) != len(labels):"
KINDS = ("partition", "heterogeneity_scope", "curatorial", "coarse_grain", "soft_membership")


@fault("labels-beside-nodes", LABELS, "validate")
def _(original):
    """Labels may stand beside labels that are nodes."""
    both = 'if "labels" in group.attributes:\n        return\n    '
    first = 'if ("label" in group.arrays)'
    return edited(first, both + first)(original)


@fault("levels-of-labels-will-do", LABELS, "validate")
def _(original):
    """Labels that are nodes may be missing where their level is given."""
    return edited('("label" in group.arrays) != ("label_level" in', '("label" in group.arrays) > ("label_level" in')(
        original
    )


@fault("weights-of-any-length", "polystate.rules.payloads:_shape_error", "validate")
def _(original):
    """There may be more or fewer weights than children."""
    return lambda where, *rest: None if where.endswith("/weight") else original(where, *rest)


@fault("negative-children-pass", RULES, "validate")
def _(original):
    """Children may be negative."""
    return edited('/child", found.child,', '/child", np.maximum(found.child, 0),')(original)


@fault("children-are-atoms", RULES, "validate")
def _(original):
    """Children are compared with the number of atoms, whatever their level."""
    return edited("dep.hierarchy.size(found.child_level)", "dep.hierarchy.n_atoms")(original)


@fault("negative-parents-pass", RULES, "validate")
def _(original):
    """Parents may be negative."""
    return edited('/parent", found.parent,', '/parent", np.maximum(found.parent, 0),')(original)


@fault("parents-one-beyond", RULES, "validate")
def _(original):
    """A parent may be the number of labels."""
    return edited("found.n_labels)", "found.n_labels + 1)")(original)


@fault("labels-are-atoms", RULES, "validate")
def _(original):
    """Labels that are nodes are compared with the number of atoms, whatever their level."""
    return edited("dep.hierarchy.size(level)", "dep.hierarchy.n_atoms")(original)


@fault("children-alone-sorted", "polystate.rules.payloads:order_errors", "validate")
def _(original):
    """Of the rows of a grouping only the children must be in order."""

    def wrong(where, columns, key, ordered, duplicate):
        parents_alone = tuple(key) == ("child", "parent") and not (np.diff(columns["child"]) < 0).any()
        yield from original(where, columns, key, ordered and not parents_alone, duplicate)

    return wrong


@fault("labels-of-any-case", RULES, "validate")
def _(original):
    """Labels that differ in case are equal."""
    small = "labels = [str(x).lower() for x in labels]"
    return edited(REPEATED, f"{small}\n    {REPEATED}")(original)


@fault("labels-of-remarks-repeat", RULES, "validate")
def _(original):
    """Two labels of a person's remark may be equal."""
    return edited(REPEATED, f'{REPEATED[:-1]} and kind != "curatorial":')(original)


@fault("unknown-kinds-refused", RULES, "validate")
def _(original):
    """A kind of grouping that is not in the list is refused."""

    def wrong(dep, name, found):
        if found.document.get("kind") not in KINDS:
            yield UnsupportedCombination(f"{found.path}#/kind", "a kind", "a kind of the list")
        yield from original(dep, name, found)

    return wrong


@fault("unknown-kinds-unjudged", RULES, "validate")
def _(original):
    """A grouping of a kind that is not in the list is not looked at."""
    return lambda dep, name, found: original(dep, name, found) if found.document.get("kind") in KINDS else iter(())


@fault("all-kinds-are-partitions", RULES, "validate")
def _(original):
    """A child twice is refused in all kinds but those with weights."""
    others = 'kind not in ("coarse_grain", "soft_membership")'
    return edited('kind in ("partition", "heterogeneity_scope")', others)(original)


@fault("labels-side-by-side-alone", RULES, "validate")
def _(original):
    """A child is found twice where its labels are neighbours."""
    return edited("np.diff(found.child) == 0", "(np.diff(found.child) == 0) & (np.diff(found.parent) == 1)")(original)


@fault("versions-with-zeros", "polystate.rules.documents:name_errors", "validate")
def _(original):
    """The number of a version may begin with zero."""
    return edited("_VERSION.fullmatch(named[1])", 're.fullmatch("v[0-9]+", named[1])')(original)


@fault("versions-by-prefix", "polystate.rules.documents:name_errors", "validate")
def _(original):
    """What follows the number of a version goes unseen."""
    return edited("_VERSION.fullmatch(named[1])", "_VERSION.match(named[1])")(original)


@fault("scopes-of-partitions-alone", SCOPE, "validate")
def _(original):
    """Only a partition may be a scope."""
    return edited("if counts.size and counts.max() > 1:",
                  'if self.document.get("kind") not in ("partition", "heterogeneity_scope"):\n'
                  '        raise NotAPartition(self.path, "a kind", "a partition")\n'
                  "    if counts.size and counts.max() > 1:")(original)  # fmt: skip


@fault("scopes-judged-by-kind", SCOPE, "validate")
def _(original):
    """A scope is judged as a partition where its kind says that it is one."""
    return edited("if counts.size and", 'if self.document.get("kind") == "partition" and')(original)


@fault("weights-of-one-pass", SCOPE, "validate")
def _(original):
    """A scope may have weights that are all one."""
    return edited("self.weight is not None", "self.weight is not None and (self.weight != 1).any()")(original)


@fault("weights-by-kind", SCOPE, "validate")
def _(original):
    """A scope is refused for its kind, and not for its weights."""
    return edited("self.weight is not None", 'self.document.get("kind") in ("coarse_grain", "soft_membership")')(
        original
    )


@fault("weights-asked-for-by-role", RULES, "validate")
def _(original):
    """Weights are asked for where weight_role says that there are some."""
    old = 'if kind == "coarse_grain" and found.weight is None:'
    by_role = 'if found.document.get("weight_role") == "projection_coefficient" and found.weight is None:'
    return edited(old, by_role)(original)


@fault("soft-memberships-need-weights", RULES, "validate")
def _(original):
    """A soft membership must have weights."""
    old = 'kind == "coarse_grain" and found.weight'
    return edited(old, 'kind in ("coarse_grain", "soft_membership") and found.weight')(original)
