"""What a scene shows, whatever program draws it: structure files of the whole and of each level, states, axes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from polystate.deposition import Deposition
from polystate.numbers.tensors import EIGHT_PI_SQUARED, symmetric
from polystate.questions import glance
from polystate.questions.sites import Site, sites
from polystate_tools.formats.known import FORMATS, loaded
from polystate_tools.formats.options import ExportOptions
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.report import ExportReport
from polystate_tools.formats.tls.motions import Motion, motions
from polystate_tools.formats.unbuilding.unbuild import Source, bundle_descriptor, records_of_deposition

COLOURS = ("#2f6f9f", "#54b399", "#e0a030", "#d6604d", "#8e5ea2", "#b5838d", "#7b8794", "#3f9fbf")
HIGHEST = 0.98  # quantile of B at which a scale of colours ends: a few atoms would darken all others
MOST_AXES = 400  # of a level: an arrow for each of 3000 residues hides what it is about
LONGEST, SHORTEST = 1 / 12, 1 / 4  # of the molecule: half of the axis of the group that turns most; of that: the least


@dataclass(frozen=True)
class Part:
    """Atoms of one chain and altloc in some residues. residues: number and insertion code; atoms: names, () = all."""

    chain: str
    altloc: str
    residues: tuple[str, ...]
    atoms: tuple[str, ...]

    @property
    def is_plain(self) -> bool:
        """Whether a script can hold its names: none has a character that means something to a command line."""
        return all(re.fullmatch(r"[A-Za-z0-9_'*-]*", w) for w in (self.chain, self.altloc, *self.residues, *self.atoms))


@dataclass(frozen=True)
class Shown:
    """A state of a site. name: of its selection, unlike all others; said: what stands there, how often, and under which
    states of others; rows: its records."""

    label: str
    name: str
    said: str
    parts: tuple[Part, ...]
    rows: np.ndarray


@dataclass(frozen=True)
class Place:
    """A site with the states that have atoms."""

    name: str
    states: tuple[Shown, ...]


@dataclass(frozen=True)
class Axis:
    """The largest libration of a group. start, end: (3,) Å."""

    said: str
    start: np.ndarray
    end: np.ndarray


@dataclass(frozen=True)
class Layer:
    """The whole or one level as a structure file. key: its name as every program takes it, unlike all others; u: (n, 3,
    3) Å² of each record; top: B at which colours end, Å²."""

    name: str
    key: str
    file: str
    content: bytes
    u: np.ndarray
    top: float
    colour: str
    axes: tuple[Axis, ...] = ()


@dataclass(frozen=True)
class Scene:
    """stem: what the names of all files begin with; records: as all files have them; models: of a bundle, else 1."""

    stem: str
    title: str
    said: str
    records: Records
    whole: Layer
    levels: tuple[Layer, ...]
    places: tuple[Place, ...]
    models: int
    report: ExportReport = field(compare=False)

    @property
    def layers(self) -> tuple[Layer, ...]:
        return (self.whole, *self.levels)

    @property
    def few(self) -> bool:
        """Whether every record gets an ellipsoid; else one a residue does."""
        return len(self.records) <= MOST_ELLIPSOIDS

    @property
    def dense(self) -> np.ndarray:
        """(n,) bool: the records that get an ellipsoid."""
        return np.ones(len(self.records), bool) if self.few else anchors(self.records)


HALF = 1.5382  # sigma within which half of all draws of a 3D normal fall: sqrt of the median of chi squared, 3 degrees
MOST_ELLIPSOIDS = 4000  # what a browser turns without a stutter
ANCHORS = ("CA", "P", "C1'")


def anchors(records: Records) -> np.ndarray:
    """(n,) bool: records of atoms that stand for their residues."""
    return np.isin(np.array(records.name.tolist(), object), ANCHORS) & (records.element != CALCIUM)


CALCIUM = 20


def scene(dep: Deposition, stem: str) -> Scene:
    """The scene of a deposition; what a viewer is not told is listed in its report."""
    report = ExportReport(format="scene", gaussian="marginal", choice="all alternates, each level")
    records, source = records_of_deposition(dep, "marginal", report)
    gaussian = dep.levels()
    told = {f"descriptor {d.id}" for d in gaussian} | {f"conditions of {name}" for name in dep.descriptors}
    report.losses = [loss for loss in report.losses if loss["what"] not in told]
    named = Names()
    whole = _layer(stem, "whole", named("whole"), records, 0, ())
    fixed = [d.id for d in dep.descriptors.values() if not d.is_gaussian]
    levels = []
    for k, d in enumerate(gaussian):
        alone = dep.restricted([*fixed, d.id])
        of_level, _ = records_of_deposition(alone, "marginal", ExportReport())
        tls = np.asarray(d.array("tls"), np.float64) if "tls" in d.stored.arrays else np.zeros((0, 24))
        reach = float(np.ptp(records.xyz, axis=0).max())
        axes = _axes(motions(tls), [str(n) for n in d.label_names], reach, report, d.id)
        key = named(d.id)
        levels.append(_layer(f"{stem}-{key}", d.id, key, of_level, k + 1, axes))
    for name, axis in dep.axes.items():
        if bundle_descriptor(dep) is None or name not in _bundles(dep):
            report.lose(f"axis {name}", axis.length, "a scene holds the reference; export --at writes a step")
    report.gaussian = ""
    report.records, report.models = len(records), len(np.unique(records.model))
    return Scene(
        stem, glance.name(dep) or stem, ", ".join(glance.facts(dep).values()), records, whole, tuple(levels),
        tuple(_places(dep, records, source)), report.models, report,
    )  # fmt: skip


def plain(name: str) -> str:
    """A name that every program and file system takes: letters, digits and _."""
    return re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or "x"


def remark(text: str) -> str:
    """Text of a deposition for a comment of a script: nothing in it ends the line, continues it or starts a command.

    PyMOL runs what stands behind a semicolon, in a comment too."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029;\\]+", " ", text)


class Names:
    """`plain` names, no two alike also where upper and lower case are one."""

    def __init__(self) -> None:
        self.taken: set[str] = set()

    def __call__(self, name: str) -> str:
        made = base = plain(name)
        number = 1
        while made.casefold() in self.taken:
            number += 1
            made = f"{base}_{number}"
        self.taken.add(made.casefold())
        return made


def _bundles(dep: Deposition) -> set[str]:
    return {str(d.document.get("state_axis")) for d in dep.descriptors.values() if d.is_discrete}


def _layer(stem: str, name: str, key: str, records: Records, k: int, axes: Sequence[Axis]) -> Layer:
    """Every atom with a U has it as a tensor: viewers draw no ellipsoid from B alone."""
    isotropic = np.nan_to_num(records.b)[:, None, None] / EIGHT_PI_SQUARED * np.eye(3)
    u = np.where(records.has_u[:, None, None], symmetric(records.u), isotropic)
    six = np.stack([u[:, i, j] for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))], axis=1)
    moves = u[:, 0, 0] + u[:, 1, 1] + u[:, 2, 2] > 0
    b = EIGHT_PI_SQUARED * np.trace(u, axis1=1, axis2=2) / 3
    full = replace(records, u=six, has_u=moves, b=b)
    content = loaded(FORMATS["mmcif"].writer)(full, ExportReport(gaussian="marginal"), ExportOptions())
    top = float(np.quantile(b[moves], HIGHEST)) if moves.any() else 0.0
    return Layer(
        name, key, f"{stem}.cif", content, u, max(round(top, 1), 0.1), COLOURS[(k - 1) % len(COLOURS)], tuple(axes)
    )


def _axes(found: list[Motion], names: Sequence[str], reach: float, report: ExportReport, level: str) -> list[Axis]:
    """Of the groups that turn most, as long as they turn beside each other; reach: of the molecule, Å."""
    turning = sorted((m for m in found if m.degrees[0] > 0), key=lambda m: -m.degrees[0])
    if len(turning) > MOST_AXES:
        report.lose(f"axes of {level}", len(turning) - MOST_AXES, f"the {MOST_AXES} groups that turn most have one")
    made = []
    for m in turning[:MOST_AXES]:
        share = max(m.degrees[0] / turning[0].degrees[0], SHORTEST)
        half = LONGEST * reach * share * m.direction
        name = names[m.label] if m.label < len(names) else str(m.label)
        made.append(Axis(f"{name}: {m.degrees[0]:.2f} degrees RMS", m.origin - half, m.origin + half))
    return made


def _places(dep: Deposition, records: Records, source: Source) -> list[Place]:
    """Sites with the records of each state; the models of a bundle are no site."""
    dag, bundle = dep.states.dag, bundle_descriptor(dep)
    rows: dict[tuple[int, int], list[int]] = {}
    for row, where in enumerate(source.where):
        for v, held in where.items():
            if bundle is None or dag.descriptor(v) != bundle.id:
                for s in held:
                    rows.setdefault((v, s), []).append(row)
    said = {site.name: site for site in sites(dep)}
    whole = _whole(records)
    named = Names()
    made = []
    for v in sorted({v for v, _ in rows}):
        labels, place = [str(label) for label in dag.state_labels(v)], dag.variable_name(v)
        states = tuple(
            Shown(
                label, named(f"state_{place}_{label}"), _said(said[place], label), _parts(records, mine, whole),
                np.array(mine),
            )
            for s, label in enumerate(labels)
            if (mine := rows.get((v, s)))
        )  # fmt: skip
        if len(labels) > 1:
            made.append(Place(place, states))
    return made


def _said(site: Site, label: str) -> str:
    found = [state for state in site.states if state.label == label]
    populations = "; ".join(
        f"{state.population:.3g}" + "".join(f" with {p} = {' or '.join(on)}" for p, on in state.when.items())
        for state in found
    )
    return f"{found[0].residues or 'nothing'}, population {populations}" if found else ""


Key = tuple[str, str, str]
"""Chain, residue number with insertion code, altloc."""


def _keys(records: Records) -> list[Key]:
    numbers = [f"{n}{i}" for n, i in zip(records.auth_seq.tolist(), records.ins.tolist(), strict=True)]
    return list(zip(records.auth_asym.tolist(), numbers, records.altloc.tolist(), strict=True))


def _whole(records: Records) -> dict[Key, set[str]]:
    """All atom names of each residue and altloc."""
    found: dict[Key, set[str]] = {}
    for key, name in zip(_keys(records), records.name.tolist(), strict=True):
        found.setdefault(key, set()).add(name)
    return found


def _parts(records: Records, rows: Sequence[int], whole: dict[Key, set[str]]) -> tuple[Part, ...]:
    """Records as few parts: residues that differ only in their number stand together."""
    taken = records.take(np.asarray(rows))
    alike: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for key, names in _whole(taken).items():
        chain, number, altloc = key
        chosen = () if names == whole[key] else tuple(sorted(names))
        alike.setdefault((chain, altloc, chosen), []).append(number)
    return tuple(Part(chain, altloc, tuple(numbers), names) for (chain, altloc, names), numbers in alike.items())
