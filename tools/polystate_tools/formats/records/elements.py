"""Elements by symbol, and by atom name where a file gives no symbol."""

from __future__ import annotations

from collections.abc import Iterable

import gemmi
import numpy as np

from polystate.structure.hierarchy import ELEMENTS
from polystate_tools.formats.records.text import Text

NUMBERS = {symbol.upper(): number for number, symbol in enumerate(ELEMENTS)}
UNKNOWN = 0
TWO_LETTERS = {"AG", "AL", "AU", "BR", "CL", "FE", "LI", "MG", "MN", "NI", "PT", "RU", "SE", "SI", "ZN"}
"""Symbols that begin names of atoms in ligands and are no common name of another element's atom, as CA, CD, HG are."""


def of_symbols(symbols: Text) -> tuple[np.ndarray, list[str]]:
    """(N,) uint8 atomic numbers of symbols of any case, and the symbols of no element, which read as unknown."""
    used = set(np.unique(symbols.codes).tolist())
    numbers = [NUMBERS.get(value.strip().upper(), UNKNOWN) for value in symbols.values]
    strange = [
        value
        for code, value in enumerate(symbols.values)
        if code in used and value.strip() and value.strip().upper() not in NUMBERS
    ]
    return np.array([*numbers, UNKNOWN], np.uint8)[symbols.codes], strange


def unknown_elements(symbols: Iterable[str]) -> dict:
    """The doubt that symbols of no element raise."""
    message = "element symbols that are no element's: their atoms have no element"
    return {"code": "unknown-element", "message": message, "where": [repr(symbol) for symbol in sorted(symbols)]}


def of_names(names: Text, comps: Text) -> np.ndarray:
    """(N,) uint8 atomic numbers by atom and residue name: CA is calcium in CA and carbon elsewhere."""
    pair = names.codes.astype(np.int64) * max(1, len(comps.values)) + comps.codes
    distinct, inverse = np.unique(pair, return_inverse=True)
    made = [
        _of_name(names.values[k // len(comps.values)], comps.values[k % len(comps.values)]) for k in distinct.tolist()
    ]
    return np.array(made, np.uint8)[inverse]


def _of_name(name: str, comp: str) -> int:
    letters = "".join(c for c in name if c.isalpha()).upper()
    if letters == comp.upper() and letters in NUMBERS:
        return NUMBERS[letters]  # an ion has the name of its component
    if name[:1].isalpha() and letters[:2] in TWO_LETTERS and not gemmi.find_tabulated_residue(comp).is_standard():
        return NUMBERS[letters[:2]]
    return NUMBERS.get(letters[:1], UNKNOWN)
