"""`_atom_site` made ready for gemmi: names that one numbering lacks, and U wherever a file says it (20.6)."""

from __future__ import annotations

import math

import gemmi
from entry import Refused

SITE, TABLE = "_atom_site.", "_atom_site_anisotrop."
PAIRS = (("label_asym_id", "auth_asym_id"), ("label_seq_id", "auth_seq_id"))
KEPT = (("label_comp_id", "auth_comp_id"), ("label_atom_id", "auth_atom_id"))
ELEMENTS = ("[1][1]", "[2][2]", "[3][3]", "[1][2]", "[1][3]", "[2][3]")
WORDS = ("nan", "inf", "-inf", "+inf", "infinity", "-infinity")
"""What is no decimal number, and a number that is not finite."""
NUMBERS = ("cartn_x", "cartn_y", "cartn_z", "occupancy", "b_iso_or_equiv")
WHOLE = {
    "label_seq_id": (0, 2**31 - 1), "auth_seq_id": (-(2**31), 2**31 - 1),
    "pdbx_pdb_model_num": (-(2**31), 2**31 - 1), "pdbx_formal_charge": (-128, 127),
}  # fmt: skip
"""Columns of whole numbers, with the least and the most that they hold."""
Columns = dict[str, list[str]]


def prepare(block: gemmi.cif.Block, losses: list[str]) -> dict[int, tuple[float, ...]]:
    """Fill the names of the atoms, and take the tensors out of a block: U by the id of the atom."""
    site, table = _columns(block, SITE), _columns(block, TABLE)
    for name in NUMBERS:
        for value in site.get(name, ()):
            if value not in "?." and math.isnan(gemmi.cif.as_number(value)) and value.lower() not in WORDS:
                raise Refused("semantic", "wrong-columns", f"_atom_site.{name} {value}")
    for name, (least, most) in WHOLE.items():
        for value in site.get(name, ()):
            number = 0.0 if value in ("?", ".") else gemmi.cif.as_number(value)
            if not (math.isfinite(number) and number == math.floor(number) and least <= number <= most):
                raise Refused("semantic", "wrong-columns", f"_atom_site.{name} {value}")
    found = {**_tensors(site, losses), **_of_table(table, site, losses)}
    for one, other in (*PAIRS, *KEPT):
        ours, theirs = (site.get(name.lower(), []) for name in (one, other))
        if not theirs:
            continue
        ours = ours or ["?"] * len(theirs)
        filled = [b if a in "?." else a for a, b in zip(ours, theirs, strict=True)]
        if (one, other) in KEPT and any(
            a not in "?." and b not in "?." and a != b for a, b in zip(ours, theirs, strict=True)
        ):
            losses.append(f"{other} differs from {one}")
        site[one] = ours if one == "label_seq_id" else filled
        site[other] = (
            filled if (one, other) in KEPT else [a if b in "?." else b for a, b in zip(ours, theirs, strict=True)]
        )
        if one != one.lower():
            site.pop(one.lower(), None)
    if site:
        names = {tag.lower(): tag for tag in block.get_mmcif_category(SITE, True)}
        block.set_mmcif_category(SITE, {_spelled(name, names): values for name, values in site.items()}, True)
    if table:
        block.find_mmcif_category(TABLE).erase()
    return found


def _spelled(name: str, names: dict[str, str]) -> str:
    return {"cartn_x": "Cartn_x", "cartn_y": "Cartn_y", "cartn_z": "Cartn_z"}.get(name, names.get(name.lower(), name))


def _columns(block: gemmi.cif.Block, category: str) -> Columns:
    return {tag.lower(): list(values) for tag, values in block.get_mmcif_category(category, True).items()}


def _tensors(columns: Columns, losses: list[str], prefix: str = "aniso_") -> dict[int, tuple[float, ...]]:
    """U by id of rows with six numbers; those with some are losses."""
    found: dict[int, tuple[float, ...]] = {}
    for form, scale in (("u", 1.0), ("b", 1 / (8 * math.pi**2))):
        own = [columns.get(f"{prefix}{form}{e}") for e in ELEMENTS]
        for row, id in enumerate(columns.get("id", ())):
            said = [column[row] if column else "?" for column in own]
            numbers = [gemmi.cif.as_number(text) for text in said if text not in "?."]
            if len(numbers) == 6:
                found[int(id)] = tuple(number * scale for number in numbers)
            elif numbers:
                losses.append(f"anisotropic tensor of atom {id}: not six numbers")
    return found


def _of_table(table: Columns, site: Columns, losses: list[str]) -> dict[int, tuple[float, ...]]:
    found = _tensors(table, losses, "")
    known = {int(id) for id in site.get("id", ())} if table else set()
    losses += [f"anisotropic tensor of atom {id}: no atom has the id" for id in found if id not in known]
    return {id: u for id, u in found.items() if id in known}
