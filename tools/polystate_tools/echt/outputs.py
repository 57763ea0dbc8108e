"""Files beside the deposition: a structure file a level (alone and cumulative), and tables as CSV."""

from __future__ import annotations

import csv
from pathlib import Path

import gemmi
import numpy as np

from polystate.numbers.constants import EIGHT_PI_SQUARED
from polystate_tools.echt.fit import Fit, atom_covariances
from polystate_tools.echt.levels.tables import PLACE
from polystate_tools.echt.tls_files import TABLE as TLS_TABLE
from polystate_tools.echt.tls_files import write_tls
from polystate_tools.spreadsheet import as_text

TABLES = ("levels.csv", "atoms.csv", "groups.csv", "path.csv", TLS_TABLE)


def write_all(fit: Fit, folder: Path, *, pdb: bool = True) -> list[Path]:
    """Everything into `folder`; returns the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    u = atom_covariances(fit)
    written = []
    for k, name in enumerate(fit.names):
        for kind, values in (("", u[k]), ("cumulative-", u[: k + 1].sum(axis=0))):
            structure = _structure(fit, values)
            stem = folder / f"{k + 1}-{kind}{name}"
            written.append(_with_suffix(stem, ".cif"))
            document = structure.make_mmcif_document()
            said = "sum of the levels down to" if kind else "of the level"
            document[0].set_pair("_struct.title", gemmi.cif.quote(f"B-factors and ANISOU: U {said} {name} alone"))
            document.write_file(str(written[-1]))
            if pdb and max(len(c.name) for c in structure[0]) <= 2 and len(u[0]) < 100000:
                written.append(_with_suffix(stem, ".pdb"))
                structure.write_pdb(str(written[-1]))
    written += [*_tables(fit, u, folder), *write_tls(fit, folder, pdb=pdb)]
    return written


def _with_suffix(stem: Path, suffix: str) -> Path:
    return stem.with_name(stem.name + suffix)


def _structure(fit: Fit, u: np.ndarray) -> gemmi.Structure:
    """The fitted atoms with the given U (n, 6) as a gemmi structure."""
    h = fit.data.dep.hierarchy
    rows = fit.data.rows
    residue, chain_of = h.of_atoms("residue"), h.column("residues", "chain")
    name, comp = h.text("atoms", "name"), h.text("residues", "comp")
    chains, number, code = h.text("chains", "auth_asym"), h.column("residues", "auth_seq"), h.text("residues", "ins")
    label, element = h.text("chains", "label_asym"), h.column("atoms", "element")
    structure, model = gemmi.Structure(), gemmi.Model(1)
    entry = dict(fit.given.tree[""].attributes).get("entry", {})
    structure.name = str(entry.get("id") or Path(fit.given.source["name"]).stem)
    cell = dict(fit.given.tree["hierarchy"].attributes) if "hierarchy" in fit.given.tree else {}
    if "cell" in cell:
        c = cell["cell"]
        structure.cell = gemmi.UnitCell(c["a"], c["b"], c["c"], c["alpha"], c["beta"], c["gamma"])
        structure.spacegroup_hm = str(cell.get("space_group", ""))
    last_chain = last_residue = None
    last_number = -1
    for k, row in enumerate(rows):
        r = int(residue[row])
        if last_chain is None or chains[chain_of[r]] != last_chain.name:
            last_chain = model.add_chain(gemmi.Chain(str(chains[chain_of[r]])))
            last_residue = None
        if last_residue is None or r != last_number:
            made = gemmi.Residue()
            made.name, made.seqid = str(comp[r]), gemmi.SeqId(int(number[r]), str(code[r]) or " ")
            made.subchain = str(label[chain_of[r]])
            last_residue, last_number = last_chain.add_residue(made), r
        atom = gemmi.Atom()
        atom.name, atom.element = str(name[row]), gemmi.Element(int(element[row]))
        atom.pos, atom.occ = gemmi.Position(*fit.data.xyz[k]), 1.0
        atom.b_iso = float(EIGHT_PI_SQUARED * u[k, :3].sum() / 3)
        if np.abs(u[k, 3:]).max() > 1e-9 or np.ptp(u[k, :3]) > 1e-9:
            atom.aniso = gemmi.SMat33f(*u[k])
        atom.serial = int(h.atom_id[row])
        last_residue.add_atom(atom)
    structure.add_model(model)
    structure.setup_entities()
    return structure


def _tables(fit: Fit, u: np.ndarray, folder: Path):
    h, data = fit.data.dep.hierarchy, fit.data
    residue = h.of_atoms("residue")[data.rows]
    chain = h.text("chains", "auth_asym")[h.column("residues", "chain")][residue]
    place = [
        (c, f"{n}{i}", a)
        for c, n, i, a in zip(
            chain, h.column("residues", "auth_seq")[residue], h.text("residues", "ins")[residue],
            h.text("atoms", "name")[data.rows], strict=True,
        )
    ]  # fmt: skip
    names = [level.name for level in fit.levels]
    labels = np.stack([level.labels for level in fit.levels], axis=1) if names else np.zeros((len(place), 0), int)
    yield _write(
        folder / "levels.csv", ["chain", "residue", "atom", *(f"{n}_group" if n in PLACE else n for n in names)],
        ([*p, *("" if v < 0 else int(v) for v in row)] for p, row in zip(place, labels, strict=True)),
    )  # fmt: skip
    b = EIGHT_PI_SQUARED * u[:, :, :3].sum(axis=2) / 3
    b_in = EIGHT_PI_SQUARED * data.u[:, :3].sum(axis=1) / 3
    yield _write(
        folder / "atoms.csv",
        ["atom_id", "chain", "residue", "atom", "b_input", "b_model", *(f"b_{n}" for n in fit.names)],
        ([int(h.atom_id[r]), *p, f"{b_in[k]:.4f}", f"{b[:, k].sum():.4f}", *(f"{v:.4f}" for v in b[:, k])]
         for k, (r, p) in enumerate(zip(data.rows, place, strict=True))),
    )  # fmt: skip
    s, point = fit.solver.s, fit.point
    yield _write(
        folder / "groups.csv", ["level", "label", "name", "atoms", "amplitude_A2", "mean_b_A2", "max_b_A2"],
        _group_rows(fit, b, s, point),
    )  # fmt: skip
    yield _write(
        folder / "path.csv",
        [
            "n",
            "omega_alpha",
            "omega_beta",
            "F",
            "bound",
            "certificate",
            "residual_rms_b",
            *(f"b_{n}" for n in fit.names),
            *(f"complexity_{n}" for n in fit.names),
        ],
        (
            [t.n, t.omega_alpha, t.omega_beta, t.F, t.bound, t.certificate, t.residual_rms_b, *t.mean_b, *t.complexity]
            for t in fit.steps
        ),
    )


def _group_rows(fit: Fit, b: np.ndarray, s, point):
    for k, level in enumerate(fit.levels):
        mine = np.flatnonzero(s.level == k)
        amplitude = np.zeros(len(level.names))
        amplitude[s.label_of[mine]] = point.amplitude[mine]
        size = np.bincount(level.labels[level.labels >= 0], minlength=len(level.names))
        most = np.zeros(len(level.names))
        np.maximum.at(most, level.labels[level.labels >= 0], b[k][level.labels >= 0])
        for g, name in enumerate(level.names):
            yield [
                level.name,
                g,
                name,
                int(size[g]),
                f"{amplitude[g]:.6g}",
                f"{EIGHT_PI_SQUARED * amplitude[g]:.4f}",
                f"{most[g]:.4f}",
            ]


def _write(path: Path, header: list[str], rows) -> Path:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([as_text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return path
