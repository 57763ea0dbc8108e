"""Categories of a CIF block as columns of texts."""

from __future__ import annotations

import gemmi

ORDERS = {1: "sing", 2: "doub", 3: "trip", 4: "quad"}
"""Bond orders of `_struct_conn.pdbx_value_order`."""


def category(block: gemmi.cif.Block, prefix: str) -> dict[str, list[str]]:
    """A category as column -> texts, "" for . and ?; {} where the block does not have it."""
    table = block.find_mmcif_category(prefix)
    if not len(table):
        return {}
    names = [tag[len(prefix) :] for tag in table.tags]
    return {
        name: ["" if gemmi.cif.is_null(v) else gemmi.cif.as_string(v) for v in table.column(k)]
        for k, name in enumerate(names)
    }
