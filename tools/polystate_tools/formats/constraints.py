"""Occupancy groups of the sites, as refinement programs read them: phenix parameters, REFMAC and servalcat keywords,
BUSTER cards.

What is one site in a deposition is refined as one: a group of atoms for each state, with one occupancy, whose sum is 1,
or at most 1 where a state of the site is absence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from polystate.deposition import Deposition
from polystate_tools.formats.errors import BadOption
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.report import ExportReport
from polystate_tools.formats.unbuilding.conformer import is_absence
from polystate_tools.formats.unbuilding.unbuild import Source

Residue = tuple[str, int, str, str]
"""Chain, number, insertion code, altloc."""


@dataclass
class Group:
    """Atoms of one occupancy: residues, each with the atoms that are meant, () = all of that altloc."""

    residues: dict[Residue, tuple[str, ...]] = field(default_factory=dict)


@dataclass
class Site:
    """name: of the variable; groups: by letter; complete: whether one of them is there at any time."""

    name: str
    groups: dict[str, Group]
    complete: bool


def sites(dep: Deposition, records: Records, source: Source) -> list[Site]:
    """The sites of discrete descriptors with the records of each state; variables that others depend on are apart."""
    dag = dep.states.dag
    rows: dict[int, dict[str, list[int]]] = {}
    of_residue: dict[Residue, int] = {}
    letters = records.altloc.tolist()
    places = list(
        zip(records.auth_asym.tolist(), records.auth_seq.tolist(), records.ins.tolist(), letters, strict=True)
    )
    for row, place in enumerate(places):
        of_residue[place] = of_residue.get(place, 0) + 1
        for v in source.where[row]:
            if not dag.parents(v):
                rows.setdefault(v, {}).setdefault(letters[row], []).append(row)
    names = records.name.tolist()
    made = []
    for v in sorted(rows):
        groups = {}
        for letter, mine in rows[v].items():
            atoms: dict[Residue, list[str]] = {}
            for row in mine:
                atoms.setdefault(places[row], []).append(names[row])
            chosen = {p: () if len(a) == of_residue[p] else tuple(a) for p, a in atoms.items()}
            groups[letter] = Group(chosen)
        absent = any(is_absence(dep, v, s) for s in range(int(dag.n_states[v])))
        made.append(Site(dag.variable_name(v), groups, not absent))
    return made


def phenix(found: list[Site], report: ExportReport) -> str:
    """Parameters of phenix.refine: a constrained group a site."""
    lines = ["refinement {", "  refine {", "    occupancies {"]
    for site in found:
        lines += [f"      # {site.name}", "      constrained_group {"]
        lines += [f"        selection = {' or '.join(_phenix(group))}" for group in site.groups.values()]
        lines.append("      }")
    incomplete = sum(not site.complete and len(site.groups) > 1 for site in found)
    if incomplete:
        report.lose("absence beside alternates", incomplete, "phenix makes the occupancies of a group sum to 1")
    return "\n".join([*lines, "    }", "  }", "}"]) + "\n"


def _phenix(group: Group) -> Iterator[str]:
    for (chain, number, ins, altloc), atoms in group.residues.items():
        parts = [f"chain '{chain or ' '}'", f"resid {number}{ins}", f"altloc '{altloc or ' '}'"]
        if atoms:
            parts.append("(" + " or ".join(f"name '{name}'" for name in atoms) + ")")
        yield f"({' and '.join(parts)})"


def refmac(found: list[Site], report: ExportReport) -> str:
    """Keywords of REFMAC and servalcat: a group a state, `alts complete` or `incomplete` a site."""
    named = [site for site in found if not _nameless(site)]
    lines: list[str] = []
    number = 0
    for site in named:
        ids = []
        for group in site.groups.values():
            number += 1
            ids.append(str(number))
            for (chain, seq, _, altloc), atoms in group.residues.items():
                head = f"occupancy group id {number} chain {chain or ' '} residue {seq}"
                alt = f" alt {altloc}" if altloc else ""
                lines += [f"{head} atom {name}{alt}" for name in atoms] if atoms else [head + alt]
        if len(ids) > 1:
            lines.append(f"occupancy group alts {'complete' if site.complete else 'incomplete'} {' '.join(ids)}")
    _lose_nameless(len(found) - len(named), report)
    return "\n".join([*lines, "occupancy refine"]) + "\n"


def _nameless(site: Site) -> bool:
    """Whether a group has an insertion code, or beside others no letter."""
    return any(
        ins or (not altloc and len(site.groups) > 1) for g in site.groups.values() for _, _, ins, altloc in g.residues
    )


def _lose_nameless(left: int, report: ExportReport) -> None:
    if left:
        because = "its keywords name neither insertion codes nor the alternate without a letter"
        report.lose("occupancy groups", left, because)


def buster(found: list[Site], report: ExportReport) -> str:
    """Cards for `refine -Gelly` of BUSTER: a set a state whose atoms have one occupancy; all others keep theirs.

    Source: "Parameter selection in gelly", appendix B of the manual (Global Phasing, 2016), and for letters
    (`A|10:CA.A`) what restraintlib writes (Kowiel et al., 2020). A card for the sum of occupancies is in neither."""
    named = [site for site in found if not _nameless(site)]
    lines: list[str] = []
    sets: list[str] = []
    for site in named:
        lines.append(f"# {site.name}")
        for group in site.groups.values():
            name = f"Occ{len(sets) + 1}"
            selections = [text for residue, atoms in group.residues.items() for text in _buster(residue, atoms)]
            lines.append(f"NOTE BUSTER_SET {name} = {{ {selections[0]} }}")
            lines += [f"NOTE BUSTER_SET {name} = {name} + {{ {text} }}" for text in selections[1:]]
            lines.append(f"NOTE BUSTER_COMBINE OCC {name}")
            sets.append(name)
    if sets:
        lines.append(f"NOTE BUSTER_SET OccRefined = {sets[0]}")
        lines += [f"NOTE BUSTER_SET OccRefined = OccRefined + {name}" for name in sets[1:]]
        lines += ["NOTE BUSTER_SET OccFixed = \\ OccRefined", "NOTE BUSTER_CONSTANT OCC OccFixed"]
    _lose_nameless(len(found) - len(named), report)
    summed = sum(len(site.groups) > 1 for site in named)
    if summed:
        report.lose("sums of occupancies", summed, "its appendix on parameters has no card that makes groups sum to 1")
    return "\n".join(lines) + "\n"


def _buster(residue: Residue, atoms: tuple[str, ...]) -> Iterator[str]:
    chain, number, _, altloc = residue
    for name in atoms or ("*",):
        yield f"{chain or 'null'}|{number}:{name}" + (f".{altloc}" if altloc else "")


PROGRAMS: dict[str, Callable[[list[Site], ExportReport], str]] = {
    "phenix": phenix,
    "refmac": refmac,
    "servalcat": refmac,
    "buster": buster,
}
"""Program -> the text that it reads."""


def constraints(dep: Deposition, records: Records, source: Source, program: str, report: ExportReport) -> str:
    """The occupancy groups of a deposition for a program."""
    if program not in PROGRAMS:
        raise BadOption("--constraints", program, "one of " + ", ".join(PROGRAMS))
    if (np.unique(records.model) != records.model[:1]).any():
        raise BadOption("--constraints", program, "a deposition of one model")
    return PROGRAMS[program](sites(dep, records, source), report)
