"""Random entries as the text of a structure file: mmCIF in the many ways that are the same, and PDB in its columns."""

from __future__ import annotations

import random

from polystate_conformance.selftest import cif_texts, pdb_texts
from polystate_conformance.selftest.entries import entry
from polystate_conformance.selftest.entry_parts import Entry

SUFFIXES = {"mmcif": ".cif", "pdb": ".pdb"}


def drawn(seed: int, format: str) -> tuple[Entry, str]:
    """The entry of a number, and its text."""
    made = entry(seed, format)
    rng = random.Random(f"text {format} {seed}")
    return made, (cif_texts.text if format == "mmcif" else pdb_texts.text)(rng, made)
