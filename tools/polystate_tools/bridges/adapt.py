"""A deposition as an object of people's own programs: gemmi, biotite, MDAnalysis.

Atoms are in the order of the deposition and keep their ids: as serial number in gemmi, as annotation `atom_id` in
biotite, as `ids` in MDAnalysis. Coordinates are those of one joint state (the most populated unless given), in which
an atom that is absent is left out; gemmi can also hold all alternates.

`draws=dep.draws(20, seed=7)` gives those draws, and `states=[...]` these joint states, as `dep.joint_states()` lists
them: models in gemmi, an AtomArrayStack in biotite, frames in MDAnalysis. gemmi leaves absent atoms out of their model;
the others hold each atom that some frame has, and NaN where a frame lacks it, without B-factors.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polystate.deposition import Deposition
from polystate.draws import Draws
from polystate.evaluation.rendering import Snapshot
from polystate.numbers.tensors import EIGHT_PI_SQUARED
from polystate.states.joint import JointState
from polystate.structure.hierarchy import DEUTERIUM, ELEMENTS
from polystate_tools.bridges import models
from polystate_tools.bridges.frames import frames
from polystate_tools.formats.errors import MissingReader


def to_gemmi(
    dep: Deposition,
    state: Mapping[str, str] | None = None,
    at: Mapping[str, int] | None = None,
    alternates: bool = False,
    draws: Draws | None = None,
    states: Sequence[Mapping[Any, str] | JointState] | None = None,
) -> Any:
    """A `gemmi.Structure` with cell, space group, entities, links and assemblies; U_total as ANISOU and B.

    alternates: every conformer under its altloc letter instead of one joint state. A bundle gives its models.
    """
    gemmi = _package("gemmi")
    from polystate_tools.formats.exporting import ExportOptions, export_bytes

    several = frames(dep, draws, states, state=state, at=at)
    if several is not None:
        text = export_bytes(dep, "mmcif", ExportOptions(reference=True))[0].decode()
        structure = gemmi.make_structure_from_block(gemmi.cif.read_string(text).sole_block())
        return models.of_frames(structure, dep.hierarchy.atom_id, several)
    options = ExportOptions() if alternates else ExportOptions(state=state or {}, at=at or {}, one_state=True)
    text = export_bytes(dep, "mmcif", options)[0].decode()
    structure = gemmi.make_structure_from_block(gemmi.cif.read_string(text).sole_block())
    if not alternates:
        ids = _snapshot(dep, state, at)[1].tolist()
        for model in structure:
            for chain in model:
                for residue in chain:
                    for atom in residue:
                        atom.serial = ids[atom.serial - 1]  # gemmi numbers them as they stand in the file
    return structure


def to_biotite(
    dep: Deposition,
    state: Mapping[str, str] | None = None,
    at: Mapping[str, int] | None = None,
    draws: Draws | None = None,
    states: Sequence[Mapping[Any, str] | JointState] | None = None,
) -> Any:
    """A `biotite.structure.AtomArray` in author numbering, annotations `atom_id`, `label_asym_id`, `b_factor`.

    Bonds of the hierarchy become its BondList; B is 8 pi^2/3 Tr U_total. Of draws or states an AtomArrayStack.
    """
    structure = _package("biotite.structure")
    several = frames(dep, draws, states, state=state, at=at)
    if several is None:
        rows, ids, snapshot = _snapshot(dep, state, at)
        array = structure.AtomArray(len(rows))
        array.coord = snapshot.xyz[rows].astype(np.float32)
        array.set_annotation("b_factor", _b(snapshot)[rows])
    else:
        rows = several.rows
        ids = dep.hierarchy.atom_id[rows]
        array = structure.AtomArrayStack(len(several.xyz), len(rows))
        array.coord = several.xyz[:, rows].astype(np.float32)
    columns = _columns(dep, rows)
    array.chain_id, array.res_id, array.ins_code = columns["auth_asym"], columns["auth_seq"], columns["ins"]
    array.res_name, array.atom_name, array.element = columns["comp"], columns["name"], columns["element"]
    array.hetero = columns["hetero"]
    array.set_annotation("atom_id", ids.astype(np.int64))
    array.set_annotation("label_asym_id", columns["label_asym"])
    array.set_annotation("charge", columns["charge"])
    array.bonds = structure.BondList(len(rows), dep.hierarchy.bonds_among(rows))
    return array


def to_mdanalysis(
    dep: Deposition,
    state: Mapping[str, str] | None = None,
    at: Mapping[str, int] | None = None,
    draws: Draws | None = None,
    states: Sequence[Mapping[Any, str] | JointState] | None = None,
) -> Any:
    """An `MDAnalysis.Universe` in author numbering; `ids` are atom ids; a bundle's models are its frames."""
    package = _package("MDAnalysis")
    several = frames(dep, draws, states, state=state, at=at)
    b: list[tuple[str, Any]] = []
    if several is None:
        rows, ids, snapshot = _snapshot(dep, state, at)
        coordinates = _frames(dep, rows, snapshot, state, at)
        b = [("tempfactor", _b(snapshot)[rows])]
    else:
        rows = several.rows
        ids, coordinates = dep.hierarchy.atom_id[rows], several.xyz[:, rows].astype(np.float32)
    columns = _columns(dep, rows)
    residue, first = np.unique(columns["residue"], return_index=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    resindex = rank[np.searchsorted(residue, columns["residue"])]
    first = np.sort(first)
    segments, segindex = np.unique(columns["auth_asym"][first], return_inverse=True)
    universe = package.Universe.empty(
        len(rows),
        n_residues=len(first),
        n_segments=len(segments),
        atom_resindex=resindex,
        residue_segindex=segindex,
        trajectory=True,
    )
    for name, values in (
        ("name", columns["name"]),
        ("type", columns["element"]),
        ("element", columns["element"]),
        ("id", ids.astype(np.int64)),
        *b,
        ("formalcharge", columns["charge"]),
        ("resname", columns["comp"][first]),
        ("resid", columns["auth_seq"][first]),
        ("icode", columns["ins"][first]),
        ("segid", segments),
        ("chainID", columns["auth_asym"]),
    ):
        universe.add_TopologyAttr(name, values)
    bonds = dep.hierarchy.bonds_among(rows)
    if len(bonds):
        universe.add_TopologyAttr("bonds", [tuple(pair) for pair in bonds[:, :2].tolist()])
    universe.load_new(coordinates, order="fac")
    return universe


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        top = name.split(".")[0]
        raise MissingReader("adapt", f"no {top}", f"pip install {top}") from error


def _snapshot(dep: Deposition, state, at) -> tuple[np.ndarray, np.ndarray, Snapshot]:
    """Rows of the atoms that are present, their ids, and the rendering of all atoms."""
    snapshot = dep.render(state=state, at=at)
    rows = np.flatnonzero(snapshot.present)
    return rows, snapshot.atom_id[rows], snapshot


def _b(snapshot: Snapshot) -> np.ndarray:
    """(N,) B of U_total, Å²."""
    return EIGHT_PI_SQUARED / 3 * np.trace(snapshot.covariance, axis1=1, axis2=2)


def _columns(dep: Deposition, rows: np.ndarray) -> dict[str, np.ndarray]:
    """What programs call the atoms, (n,) each."""
    h = dep.hierarchy
    residue, chain = h.of_atoms("residue")[rows], h.of_atoms("chain")[rows]
    symbols = np.array(["" if s == "X" else s.upper() for s in ELEMENTS])
    symbols[DEUTERIUM] = "D"
    entity = h.column("chains", "entity")[chain]
    kinds = np.array([*h.text("entities", "type"), ""], object)
    return {
        "residue": residue,
        "auth_asym": h.text("chains", "auth_asym")[chain].astype(str),
        "label_asym": h.text("chains", "label_asym")[chain].astype(str),
        "auth_seq": h.column("residues", "auth_seq")[residue].astype(np.int64),
        "ins": h.text("residues", "ins")[residue].astype(str),
        "comp": h.text("residues", "comp")[residue].astype(str),
        "name": h.text("atoms", "name")[rows].astype(str),
        "element": symbols[h.column("atoms", "element")[rows]],
        "charge": h.column("atoms", "charge")[rows].astype(np.int64),
        "hetero": kinds[entity] != "polymer",
    }


def _frames(dep: Deposition, rows: np.ndarray, snapshot: Snapshot, state, at) -> np.ndarray:
    """(frames, n, 3) float32: the models of a bundle in which the same atoms are present, else one frame."""
    from polystate_tools.formats.building.bundles import MODEL

    if MODEL in dep.axes and not state and not at:
        made = []
        for found in dep.iterate(MODEL):
            if not np.array_equal(np.flatnonzero(found.present), rows):
                return snapshot.xyz[rows][None].astype(np.float32)
            made.append(found.xyz[rows])
        return np.array(made, np.float32)
    return snapshot.xyz[rows][None].astype(np.float32)
