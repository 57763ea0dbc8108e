"""Categories of a CIF block as columns of texts."""

from __future__ import annotations

import gemmi

ORDERS = {1: "sing", 2: "doub", 3: "trip", 4: "quad", 5: "arom"}
"""Bond orders of `_struct_conn.pdbx_value_order`."""


class Table(dict[str, list[str]]):
    """Columns by name in any case, as CIF has it; "" for . and ?."""

    def __init__(self, columns: dict[str, list[str]]) -> None:
        super().__init__({name.lower(): values for name, values in columns.items()})

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def __getitem__(self, name: str) -> list[str]:
        return super().__getitem__(name.lower())

    def cells(self, name: str) -> list[str]:
        """A column; of blanks where the category lacks it."""
        return self[name] if name in self else [""] * self.n_rows

    @property
    def n_rows(self) -> int:
        return len(next(iter(self.values()), []))

    def row(self, k: int) -> dict[str, str]:
        """One row by column in lower case."""
        return {name: values[k] for name, values in self.items()}


def category(block: gemmi.cif.Block, prefix: str) -> Table:
    """A category, empty where the block does not have it."""
    table = block.find_mmcif_category(prefix)
    if not len(table):
        return Table({})
    names = [tag[len(prefix) :] for tag in table.tags]
    return Table(
        {
            name: ["" if gemmi.cif.is_null(v) else gemmi.cif.as_string(v) for v in table.column(k)]
            for k, name in enumerate(names)
        }
    )
