"""Chains without a name: given one in mmCIF, where programs need one, with a table by which they lose it again."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, count

import gemmi

from polystate_tools.formats.mmcif.categories import category
from polystate_tools.formats.records.letters import LETTERS
from polystate_tools.formats.records.records import Assembly, Records
from polystate_tools.formats.report import ExportReport

CATEGORY = "polystate_export_name"
ITEMS = {"auth_asym_id": "auth_asym", "label_asym_id": "label_asym"}


def with_chain_names(records: Records, report: ExportReport) -> tuple[Records, dict[str, list[str]]]:
    """The records with a free letter for the blank chain, and the columns of `_polystate_export_name`."""
    blank = {item: column for item, column in ITEMS.items() if getattr(records, column).equals("").any()}
    if not blank:
        return records, {}
    used = {name for column in ITEMS.values() for name in getattr(records, column).values}
    free = next(name for name in chain(LETTERS, map("chain{}".format, count(1))) if name not in used)
    rows = records.auth_asym.equals("") | records.label_asym.equals("")
    report.lose("chain ids", int(rows.sum()), f"a chain without a name is {free}")
    table = {"item": list(blank), "written": [free] * len(blank), "stands_for": [""] * len(blank)}
    return _renamed(records, dict.fromkeys(blank, {"": free})), table


def with_given_names(records: Records, block: gemmi.cif.Block) -> Records:
    """The records with the chain names that a table of `_polystate_export_name` says they had."""
    table = category(block, f"_{CATEGORY}.")
    names: dict[str, dict[str, str]] = {}
    columns = [table.get(key, []) for key in ("item", "written", "stands_for")]
    for item, written, meant in zip(*columns, strict=False):
        if item in ITEMS:
            names.setdefault(item, {})[written] = meant
    return _renamed(records, names) if names else records


def _renamed(records: Records, names: dict[str, dict[str, str]]) -> Records:
    columns = {ITEMS[item]: getattr(records, ITEMS[item]).replaced(of) for item, of in names.items()}
    labels = names.get("label_asym_id", {})
    assemblies: list[Assembly] = [
        replace(a, pairs=[(k, labels.get(name, name)) for k, name in a.pairs]) for a in records.assemblies
    ]
    return replace(records, **columns, assemblies=assemblies)
