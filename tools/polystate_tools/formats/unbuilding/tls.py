"""The TLS level of a deposition as the records of a file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from polystate.deposition import Deposition
from polystate.numbers.tensors import six_components
from polystate_tools.formats.records.records import TlsGroup, TlsRecords
from polystate_tools.formats.report import ExportReport
from polystate_tools.formats.tls.records import RADIAN
from polystate_tools.formats.unbuilding.gaussian import TLS_OPERATOR


def tls_of_deposition(dep: Deposition, report: ExportReport) -> tuple[TlsRecords | None, np.ndarray | None]:
    """The TLS level as records in degrees, and (N, 6) Å² to add where the imported ADPs were totals."""
    found = [d for d in dep.descriptors.values() if d.is_gaussian and (d.operator or "").endswith("/tls_v1")]
    choices = _tls_choices(dep)
    if not found:
        return (TlsRecords([], choices.get("program", ""), "residual") if is_rest(dep) else None), None
    d = found[0]
    selections = choices.get("selections") or []
    content = choices.get("adps", "residual")
    groups = []
    for k, row in enumerate(np.asarray(d.array("tls"))):
        text = (selections[k] if k < len(selections) else "") or _selection_of(
            dep, np.flatnonzero(d.label_of_atom == k)
        )
        groups.append(_group(d.label_names[k], row, (choices.get("numbers") or []), k, text))
    u = six_components(dep.covariance(levels=[d.id])) if content == "total" else None
    return TlsRecords(groups, choices.get("program", ""), content, ""), u


def is_rest(dep: Deposition) -> bool:
    """Whether the ADPs are the rest beside TLS groups that the deposition lacks."""
    gaussian = [d for d in dep.descriptors.values() if d.is_gaussian]
    rest = bool(gaussian) and all(
        (d.operator or "").endswith("adp_v1") and d.document.get("adp_content") == "residual" for d in gaussian
    )
    return rest and _tls_choices(dep).get("adps") == "residual"


def _tls_choices(dep: Deposition) -> dict[str, Any]:
    """What the import noted of the TLS records; nothing where the file had none (the option's word stands there)."""
    block = dep.tree["provenance/import"].attributes if "provenance/import" in dep.tree else {}
    choices = (block.get("choices") or {}).get("tls")
    return choices if isinstance(choices, dict) else {}


def _selection_of(dep: Deposition, atoms: np.ndarray) -> str:
    """Residue ranges in author numbering that name the residues of some atoms."""
    residues = np.unique(dep.hierarchy.of_atoms("residue")[atoms])
    chains = dep.hierarchy.text("chains", "auth_asym")[dep.hierarchy.column("residues", "chain")[residues]]
    numbers = dep.hierarchy.column("residues", "auth_seq")[residues]
    ranges: list[list] = []
    for chain, number in sorted(set(zip(chains.tolist(), numbers.tolist(), strict=True))):
        if ranges and ranges[-1][0] == chain and ranges[-1][2] == number - 1:
            ranges[-1][2] = number
        else:
            ranges.append([chain, number, number])
    return "; ".join(f"{chain} {low} - {chain} {high}" for chain, low, high in ranges)


def _group(name: str, row: np.ndarray, numbers: list, k: int, selection: str) -> TlsGroup:
    """A group in degrees: the numbers of the file it was read from, where they are those of the row."""
    amplitude = row[20]
    s = np.append(row[12:20], -row[12] - row[16]) * amplitude / RADIAN
    made = np.round(np.concatenate([row[0:6] * amplitude, row[6:12] * amplitude / RADIAN**2, s]), 10) + 0.0
    point = row[21:24]
    given = np.array(numbers[k], float) if k < len(numbers) and len(numbers[k]) == 24 else None
    if given is not None:
        free = given[:21].copy()
        free[[12, 16, 20]] -= free[[12, 16, 20]].mean()
        if np.allclose(free, made, rtol=1e-8, atol=1e-9) and np.array_equal(given[21:], point):
            made = given[:21]
    return TlsGroup(name, made[:6], made[6:12], made[12:], point, selection)


def with_atoms(tls: TlsRecords, dep: Deposition, atom: np.ndarray) -> TlsRecords:
    """The groups with the rows of their records, where they were read from the atoms; atom: (n,) of the records."""
    choices = _tls_choices(dep)
    selections = choices.get("selections") or []
    if not tls.groups or not any(text == "" for text in selections):
        return tls
    d = next(d for d in dep.descriptors.values() if d.is_gaussian and d.operator == TLS_OPERATOR)
    label = np.asarray(d.label_of_atom)[atom]
    groups = [replace(group, records=np.flatnonzero(label == k)) for k, group in enumerate(tls.groups)]
    return replace(tls, groups=groups)
