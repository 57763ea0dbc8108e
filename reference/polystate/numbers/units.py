"""Units of length, and what they are in ångström."""

from __future__ import annotations

ANGSTROM = {"angstrom": 1.0, "nanometer": 10.0, "picometer": 0.01, "bohr": 0.529177210903}

LENGTH_UNITS = {
    "angstrom": ("a", "ang", "angstrom", "angstroms", "å", "ångström"),
    "nanometer": ("nm", "nanometer", "nanometers", "nanometre"),
    "picometer": ("pm", "picometer", "picometers", "picometre"),
    "bohr": ("bohr", "a0", "a_0", "au"),
}

_NAMES = {spelling: unit for unit, spellings in LENGTH_UNITS.items() for spelling in spellings}


def length_unit(text: str) -> str | None:
    """The unit that a file's text means, as this format names it; None where it is not a length we know."""
    return _NAMES.get(text.strip().casefold())
