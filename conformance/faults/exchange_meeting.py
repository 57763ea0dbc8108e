"""Faults of importers and exporters where two things meet: types and letters, models and records, states and levels."""

from __future__ import annotations

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

FORMATS = "polystate_tools.formats"


@fault("anisou-of-the-first-model", f"{FORMATS}.pdb.reader:_anisou", "exchange")
def _(original):
    """An ANISOU that is not behind its atom is given to the first atom of its name, of whatever model."""
    return edited("np.searchsorted(marks, found)", "(0 * found)")(original)


@fault("conect-of-the-first-model", f"{FORMATS}.pdb.conect:with_conect", "exchange")
def _(original):
    """CONECT of atoms that the first model lacks is no bond."""
    return edited("for m in models if", "for m in models[:1] if")(original)


@fault("kinds-of-covale-are-no-bonds", f"{FORMATS}.mmcif.connections:_is_bond", "exchange")
def _(original):
    """A link called covale_base, covale_sugar or covale_phosphate is no bond."""
    return edited("kind.startswith(BONDED[1:])", "kind in BONDED")(original)


@fault("the-atom-site-before-its-table", f"{FORMATS}.mmcif.anisotropic:with_anisotropic", "exchange")
def _(original):
    """U beside the coordinates counts before that of _atom_site_anisotrop."""
    return edited("    return made", "    made.u[said] = in_site[said]\n    return made")(original)


@fault("whole-in-some-model", f"{FORMATS}.building.sites:leaves_room", "exchange")
def _(original):
    """A molecule is whole in a model where its alternates are as many atoms as it has in any."""
    return edited("layout.residue_sizes[layout.steps[0][site.records[0]]]", "layout.residue_sizes.max(axis=0)")(
        original
    )


@fault("levels-in-the-default-state", f"{FORMATS}.unbuilding.gaussian:_of_level", "exchange")
def _(original):
    """A level that is in force in some states is written as it is in the most populated."""
    return edited("if d.active_when == ALWAYS:", "if True:")(original)


@fault("groups-without-their-charges", f"{FORMATS}.mmtf.from_records:_groups", "exchange")
def _(original):
    """Groups of one name and one list of atoms are one type, whatever their charges."""
    return edited("records.element, records.charge], axis=1)", "records.element], axis=1)")(original)
