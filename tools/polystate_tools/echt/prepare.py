"""What a fit is handed: a file or deposition read and checked, its atoms selected, its levels made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from polystate import Deposition
from polystate.errors import BadRequest, UnsupportedCombination
from polystate.store.tree import Group, Tree
from polystate_tools.echt.input import FitInput, fit_input, load
from polystate_tools.echt.levels.levels import Level, build_levels
from polystate_tools.echt.levels.names import PREFIX
from polystate_tools.echt.levels.tables import atoms_of_table, chosen_columns, levels_of_table, table_rows
from polystate_tools.echt.solver.structure import Problem


@dataclass
class Prepared:
    """What is to be fitted. source: name and hash of the file; atomic: whether the atomic level is fitted; files:
    name, hash and format of the files of levels; choices: the selections, as they were given."""

    tree: Tree
    source: dict
    data: FitInput
    levels: list[Level]
    atomic: bool
    files: list[dict[str, str]] = field(default_factory=list)
    choices: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Level names, largest first, the atomic level last."""
        return [level.name for level in self.levels] + (["atomic"] if self.atomic else [])

    @property
    def problem(self) -> Problem:
        """The arrays of the fit."""
        data, levels = self.data, self.levels
        labels, names = [level.labels for level in levels], [level.name for level in levels]
        return Problem(data.xyz, data.u, data.anisotropic, labels, names, self.atomic)


def prepare(
    source: str | Path, *, levels: Sequence[str] | None = None, domains: Path | None = None,
    groups: Path | None = None, only: str | None = None, exclude: Sequence[str] = (), psd: str = "refuse",
    **import_options: Any,
) -> Prepared:  # fmt: skip
    """Read, select and group the atoms of a structure file or a deposition."""
    if groups is not None and domains is not None:
        raise BadRequest("--domains", "--groups as well", "one of the two")
    if groups is not None:
        columns, rows = table_rows(groups)
        names = chosen_columns(columns, levels, str(groups))
    tree, origin = load(source, **import_options)
    check(tree, origin["name"])
    dep = Deposition(tree)
    if groups is not None:
        atom = atoms_of_table(dep, rows, str(groups))
        data = fit_input(dep, only=only, exclude=exclude, rows=atom, psd=psd)
        made = levels_of_table(data, names, rows, atom, str(groups))
    else:
        data = fit_input(dep, only=only, exclude=exclude, psd=psd)
        made = build_levels(data, levels, domains)
    check_earlier(data)
    files = [_file(path, what) for path, what in ((domains, "domains"), (groups, "groups")) if path is not None]
    given = {"only": only, "exclude": list(exclude), "levels": list(levels) if levels is not None else None, "psd": psd}
    choices = {name: value for name, value in given.items() if value not in (None, [], "refuse")}
    return Prepared(tree, origin, data, made, levels is None or "atomic" in levels, files, choices)


def _file(path: Path, format: str) -> dict[str, str]:
    return {"name": Path(path).name, "sha256": hashlib.sha256(Path(path).read_bytes()).hexdigest(), "format": format}


def check(tree: Mapping[str, Group], what: str) -> None:
    """Raise the first error of a tree's validation, and say how many there are."""
    errors = Deposition(tree).validate().errors
    if errors:
        first = errors[0]
        more = f", the first of {len(errors)} errors that make {what} invalid" if len(errors) > 1 else (
            f", which makes {what} invalid")  # fmt: skip
        raise type(first)(first.where, f"{first.found}{more}", first.expected)


def check_earlier(data: FitInput) -> None:
    """Refuse to fit a part of the atoms of an earlier fit: the names of its levels are those of the new one."""
    fitted = np.zeros(data.dep.n_atoms, bool)
    fitted[data.rows] = True
    for d in data.dep.descriptors.values():
        if not d.is_gaussian or not d.id.startswith(PREFIX):
            continue
        left = int((d.covered & ~fitted).sum())
        if left:
            raise UnsupportedCombination(
                d.path, f"{left} atoms of an earlier fit that are not fitted again",
                "all atoms of the earlier fit, or what it was made from",
            )  # fmt: skip
