"""Which atoms of a deposition are fitted, and the U of each: the input of a fit, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from polystate import Deposition
from polystate.errors import BadRequest, NotPositiveSemidefinite, UnsupportedCombination
from polystate.evaluation.evaluate import gaussian_levels
from polystate.numbers.constants import EIGHT_PI_SQUARED, VOIGT
from polystate.numbers.positive import indefinite
from polystate.store.tree import Tree
from polystate.structure.hierarchy import HYDROGENS
from polystate.structure.selection import mask
from polystate_tools.echt.errors import BFactorRange, NothingToFit, ResidualWithoutTls
from polystate_tools.formats.tls.selections import WATERS

MAX_B = 2000.0  # Å²
POLYMER, AUTO = "polymer", "auto"  # words beside selections: of `only`, of `exclude`
ISOTROPIC = "parametric_gaussian/iadp_v1"
KNOWN = ("parametric_gaussian/iadp_v1", "parametric_gaussian/aadp_v1", "parametric_gaussian/tls_v1")


@dataclass
class FitInput:
    """The atoms of a fit. rows: (n,) rows of hierarchy/atoms, ascending; u: (n, 6) Å²; notes: choices made."""

    dep: Deposition
    rows: np.ndarray
    xyz: np.ndarray
    u: np.ndarray
    anisotropic: np.ndarray
    polymer: np.ndarray
    candidates: np.ndarray  # rows of all atoms but hydrogens and waters
    notes: list[str] = field(default_factory=list)
    source: dict = field(default_factory=dict)

    @property
    def mean_b(self) -> float:
        """Mean input B, Å²."""
        return float(EIGHT_PI_SQUARED * self.u[:, :3].sum(axis=1).mean() / 3)


def load(path: str | Path, **options) -> tuple[Tree, dict]:
    """The tree of a structure file or deposition, and what it came from (name, sha256)."""
    name = str(path)
    if name.endswith((".zarr", ".zip", ".zarr/")) or Path(path).is_dir():
        from polystate.store.digest import digest
        from polystate.store.reading import read

        given = [f"--{key.replace('_', '-')}" for key, value in options.items() if value is not None]
        if given:
            raise BadRequest(", ".join(given), name, "no such option for a deposition, which says what its B are")
        stored = read(path)
        sha = digest(stored).removeprefix("sha256:")
        return stored, {"name": Path(name).name, "sha256": sha, "format": "polystate"}
    from polystate_tools.formats import import_file

    tree, report = import_file(path, **options)
    if report.adp.get("used") == "residual":
        lost = [name for doubt in report.warnings if doubt.code == "tls-unusable" for name in doubt.where]
        if "descriptors/tls" not in tree:
            lost = ["no TLS groups"]
        elif lost:
            lost = [f"of these without usable numbers: {', '.join(lost)}"]
        if lost:
            raise ResidualWithoutTls(
                report.source, "B-factors that are the rest beside TLS groups, and " + lost[0],
                "the TLS records in the file, or --b-factors total if the B are total after all",
            )  # fmt: skip
    return tree, {"name": report.source, "sha256": report.sha256, "format": report.format}


def fit_input(
    dep: Deposition, *, only: str | None = None, exclude: Sequence[str] = (), rows: np.ndarray | None = None,
    psd: str = "refuse",
) -> FitInput:  # fmt: skip
    """The atoms to be fitted and their U in the most populated joint state.

    Hydrogens, waters and atoms absent in that state are left out, then what `exclude` names, or everything but `only`
    (selections of `polystate.structure.selection`), or but the given rows. only: also "polymer"; exclude: also "auto",
    the atoms whose B no fit can explain. psd: "refuse" or "clip" an input U that is not positive semi-definite.
    """
    h = dep.hierarchy
    residue = h.of_atoms("residue")
    element = h.column("atoms", "element")
    water = np.isin(h.text("residues", "comp").astype(str), WATERS)[residue]
    kind = np.append(h.text("entities", "type").astype(str), "")[h.column("chains", "entity")][h.of_atoms("chain")]
    snapshot = dep.render(psd="clip")
    notes = ["of alternates, the most populated joint state is fitted"] if len(dep.states.dag) else []
    keep = ~np.isin(element, HYDROGENS) & ~water & (kind != "water")
    for what, count in (("hydrogens", np.isin(element, HYDROGENS)), ("waters", water | (kind == "water"))):
        if count.any():
            notes.append(f"{what} left out: {int(count.sum())} atoms")
    candidates = np.flatnonzero(keep)
    if (keep & ~snapshot.present).any():
        notes.append(f"absent in the most populated state: {int((keep & ~snapshot.present).sum())} atoms")
    keep &= snapshot.present
    if only is not None:
        keep &= kind == "polymer" if only == POLYMER else mask(dep, only)
        notes.append(f"only {only}: {int(keep.sum())} atoms")
    if rows is not None:
        listed = np.zeros(dep.n_atoms, bool)
        listed[rows] = True
        notes.append(f"not in the table of levels, left out: {int((keep & ~listed).sum())} atoms")
        keep &= listed
    for text in (text for text in exclude if text != AUTO):
        out = mask(dep, text)
        notes.append(f"excluded by {text!r}: {int((keep & out).sum())} atoms")
        keep &= ~out
    if not keep.any():
        raise NothingToFit("hierarchy/atoms", "no atom left after the selection", "at least one")
    chosen = np.flatnonzero(keep)
    covariance, anisotropic, given = _input_covariance(dep, chosen)
    if AUTO in exclude:
        good = _possible(covariance)
        notes.append(f"excluded by auto, B of 0 or none or above {MAX_B:.0f} Å²: {int((~good).sum())} atoms"
                     + (f", {_named(dep, chosen[~good])}" if not good.all() else ""))  # fmt: skip
        chosen, covariance, anisotropic, given = (x[good] for x in (chosen, covariance, anisotropic, given))
        if not len(chosen):
            raise NothingToFit("B-factors", "no atom with a B that a fit can explain", "at least one")
    covariance = _checked(dep, chosen, covariance, given, psd, notes)
    u = np.stack([covariance[:, i, j] for i, j in VOIGT], axis=1)
    u[~anisotropic] = 0.0
    u[~anisotropic, :3] = (np.trace(covariance[~anisotropic], axis1=1, axis2=2) / 3)[:, None]
    polymer = (kind == "polymer")[chosen]
    return FitInput(dep, chosen, dep.x_ref[chosen].copy(), u, anisotropic, polymer, candidates, notes)


def _input_covariance(dep: Deposition, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """U (n, 3, 3) of all Gaussian descriptors; whether any but isotropic ones says something at the atom; whether
    any names the atom at all."""
    total = np.zeros((len(rows), 3, 3))
    anisotropic, given = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    levels = gaussian_levels(dep)
    if not levels:
        raise NothingToFit("descriptors", "no B-factors", "a Gaussian descriptor")
    residual = False
    for d in levels:
        if d.operator not in KNOWN:
            raise UnsupportedCombination(d.path, d.operator, "B-factors, ANISOU and TLS as the input of a fit")
        u = dep.covariance(levels=[d.id])[rows]
        residual |= d.document.get("adp_content") == "residual"
        if d.operator != ISOTROPIC:
            anisotropic |= np.abs(u).max(axis=(1, 2)) > 0
        given |= d.covered[rows]
        total += u
    if residual and len(levels) == 1:
        raise ResidualWithoutTls(
            levels[0].path, "adp_content residual, and no other Gaussian descriptor",
            "the TLS groups that it is the rest of, or total B-factors",
        )  # fmt: skip
    return total, anisotropic, given


def _possible(u: np.ndarray) -> np.ndarray:
    """(n,) bool: whether the B of U (n, 3, 3) is one that a fit can explain; no number is not."""
    b = EIGHT_PI_SQUARED * np.trace(u, axis1=1, axis2=2) / 3
    return (b > 0) & (b <= MAX_B)


def _named(dep: Deposition, rows: np.ndarray) -> str:
    """The first five of some atoms by name, and how many more there are."""
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    return ", ".join(dep.hierarchy.node_label("atom", int(row)) for row in rows[:5]) + more


def _checked(
    dep: Deposition, rows: np.ndarray, u: np.ndarray, given: np.ndarray, psd: str, notes: list[str]
) -> np.ndarray:
    b = EIGHT_PI_SQUARED * np.trace(u, axis1=1, axis2=2) / 3
    bad = np.flatnonzero(~_possible(u))
    if len(bad):
        named = ", ".join(
            dep.hierarchy.node_label("atom", int(rows[k])) + (f" (B = {b[k]:.2f})" if given[k] else " (no B is given)")
            for k in bad[:5]
        )
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
        raise BFactorRange(
            "B-factors", named + more, f"0 < B <= {MAX_B:.0f} Å²; --exclude auto leaves such atoms out, or "
            f"--exclude {dep.hierarchy.node_label('atom', int(rows[bad[0]]))}",
        )  # fmt: skip
    wrong = indefinite(u)
    if len(wrong):
        named = _named(dep, rows[wrong])
        if psd != "clip":
            raise NotPositiveSemidefinite(
                "input U", f"{len(wrong)} atoms, such as {named}", "U that a motion can have; --exclude, or --psd clip"
            )
        notes.append(f"input U clipped to positive semi-definite: {len(wrong)} atoms")
    values, vectors = np.linalg.eigh(u)
    if (values < 0).any():
        u = np.einsum("nij,nj,nkj->nik", vectors, np.maximum(values, 0.0), vectors)
    count = len(np.unique(b.round(4)))
    residue = dep.hierarchy.of_atoms("residue")[rows]
    spread = np.full(residue.max() + 1, -np.inf)
    np.maximum.at(spread, residue, b)
    low = np.full(residue.max() + 1, np.inf)
    np.minimum.at(low, residue, b)
    sizes = np.bincount(residue)
    several = sizes > 1
    if count > 1 and several.any() and ((spread - low)[several] < 1e-3).mean() > 0.9:
        notes.append("one B for a whole residue (group B-factors): nothing below the residue level can be told apart")
    if count == 1:
        notes.append("one B for all atoms: a single level explains everything")
    return u
