"""Moments of which a table is taken for another, and rotations of other bodies."""

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

CONTRIBUTIONS = "polystate.evaluation.contributions:Contributions"
SETTING = "polystate.evaluation.setting:Setting"
SUMS = "polystate.evaluation.moments:_Sums"
AVERAGING = "polystate.evaluation.averaging"
EVALUATE = "polystate.evaluation.evaluate"


@fault("moments-of-what-has-no-probability", f"{SETTING}.likely", "moments")
def _(original):
    """Steps and models of population 0 are evaluated before they count for nothing."""
    return edited("self.law.probability((v,)) > 0", "self.law.probability((v,)) >= 0")(original)


@fault("moments-chances-of-sets-alike", f"{SETTING}.chances", "moments")
def _(original):
    """Values of one variable count alike beside those of two."""
    return edited("alone.any()", "alone.all()")(original)


@fault("moments-kinds-mixed", f"{SUMS}._kinds", "moments")
def _(original):
    """Atoms that hang on different variables are taken together."""
    return staticmethod(edited("np.cumsum", "np.cumprod")(original.__func__))


@fault("moments-absence-of-others", f"{SUMS}._by_presence", "moments")
def _(original):
    """What marks the first atom of a table absent marks those that it does not have."""
    return edited("np.full(self.setting.n, -1)", "np.zeros(self.setting.n, int)")(original)


@fault("moments-apart-whatever-is-seen", f"{SUMS}._are_apart", "moments")
def _(original):
    """Variables that do not hang together do not, whatever the presence says of both."""
    return edited("self.law.apart(a, b) and all(len(f.variables) == 1 for f in evidence)", "self.law.apart(a, b)")(
        original
    )


@fault("moments-labels-among-the-simple", f"{SETTING}.are_simple", "moments")
def _(original):
    """A variable that an averaged axis fixes is taken for one of its own."""
    return edited("v + 1", "v - 1")(original)


@fault("moments-latents-of-any-kind", f"{AVERAGING}:_averaged", "moments")
def _(original):
    """A table latents keeps an axis from being averaged, also where it means nothing."""
    return edited('latents.stored_name(d) is None or not d.table("latents")', '"latents" not in d.group.tables')(
        original
    )


@fault("moments-drawn-whatever-is-stored", f"{SETTING}.draws", "moments")
def _(original):
    """Amplitudes with a table latents are drawn, also where they are stored for all that is asked."""
    return edited("d.axis is not None and not has_step", "not d.axis or d.axis not in self.averaged")(original)


@fault("moments-absolute-beyond-their-atoms", f"{CONTRIBUTIONS}._enter_states", "moments")
def _(original):
    """Stored coordinates of a site are there for all atoms of the site."""
    return edited("d.covered[s.request.rows] & (s.variable_of_atom(d) >= 0)", "s.variable_of_atom(d) >= 0")(original)


@fault("moments-affine-where-one-is-still", "polystate.evaluation.latents:motion", "moments")
def _(original):
    """A decoder with one component that does not vary passes for affine."""
    return edited("variance.any()", "variance.all()")(original)


@fault("rotations-in-the-order-of-labels", f"{EVALUATE}:in_order", "displacement")
def _(original):
    """The size of a group is looked up by its label."""
    return edited("bodies(d, request)[0]", "bodies(d, request)[1]")(original)


@fault("rows-of-unknown-atoms-move-the-last", f"{EVALUATE}:Request.__post_init__", "displacement")
def _(original):
    """What concerns an atom that is not there is taken for the last atom."""
    return edited("self.dep.n_atoms + 1", "self.dep.n_atoms")(original)


@fault("rotations-of-the-first-state", f"{EVALUATE}:bodies", "displacement")
def _(original):
    """Each state of a site turns it as the first does."""
    return edited("d.array(name)[row_of[site, state], site]", "d.array(name)[0, site]")(original)


@fault("ids-of-every-group", "polystate.rules.documents:name_errors", "validate")
def _(original):
    """Groups that the format does not name have ids for names."""

    def wrong(tree):
        for path in tree:
            if not path.rpartition("/")[2].islower():
                from polystate.errors import SchemaError

                yield SchemaError(path, path, "an id")
        yield from original(tree)

    return wrong


@fault("basis-of-the-first-atoms", "polystate.model.model:Model.basis_of", "displacement")
def _(original):
    """The first vectors of a basis are taken for those of the atoms asked for."""

    def wrong(self, d, mine):
        return original(self, d, np.arange(len(mine)))

    return wrong


# -- which axes, which sources, whose presence -----------------------------------------------------------


@fault("moments-axes-of-labels", f"{AVERAGING}:_averaged", "moments")
def _(original):
    """An axis with nothing but labels is averaged."""
    return edited("if d.is_discrete or", "if")(original)


@fault("moments-axes-by-atoms-asked-for", f"{AVERAGING}:_averaged", "moments")
def _(original):
    """A descriptor of other atoms than those asked for averages no axis."""
    return edited("if d.is_discrete or", "if not d.covered[request.rows].any() or d.is_discrete or")(original)


@fault("moments-conflicts-of-neighbours", f"{CONTRIBUTIONS}._refuse_conflicts", "moments")
def _(original):
    """Of three sources of an atom the first and the last are not held against each other."""
    return edited("found[i + 1 :]", "found[i + 1 : i + 2]")(original)


@fault("moments-one-atom-of-two-sources", f"{CONTRIBUTIONS}._refuse_conflicts", "moments")
def _(original):
    """Two sources are held against each other at the first atom that both cover."""
    return edited("name = tuple((d.id, key) for d, key, _ in found)", "name = tuple((d.id, 0) for d, _, _ in found)")(
        original
    )


@fault("moments-presence-of-displacements-unread", f"{CONTRIBUTIONS}._enter_states", "moments")
def _(original):
    """States of mode A that displace mark no atom absent."""
    new = 'evaluate.absent(d, request) if d.is_absolute or d.mode == "B" else []'
    return edited("evaluate.absent(d, request)", new)(original)


@fault("poses-of-an-offset-unturned", f"{EVALUATE}:_rigid_displacement", "displacement", "moments")
def _(original):
    """The displacements of poses fitted in another frame stay in that frame."""
    return edited("return at, d.turn(", "return at, (d.turn if not d.is_discrete else lambda v: v)(")(original)
