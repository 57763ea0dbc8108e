"""Real entries whose imports are golden depositions: which files, read with which options, and what they show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polystate.store.tree import Tree


@dataclass(frozen=True)
class RealEntry:
    """file: below the folder of real data; options: of `import_file`, the choices that the file does not settle."""

    name: str
    title: str
    file: str
    citation: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def build(self, path: Path) -> Tree:
        """The deposition of the file at `path`."""
        from polystate_tools.formats import import_file

        return import_file(path, **self.options)[0]


REAL = (
    RealEntry(
        "1ejg",
        "Crambin: proline or serine, leucine or isoleucine; a backbone and side chains that disagree",
        "altloc/1ejg.pdb",
        "PDB entry 1EJG",
    ),
    RealEntry("3jqh", "Three-way microheterogeneity", "altloc/3JQH.cif", "PDB entry 3JQH"),
    RealEntry(
        "1pfe",
        "Altloc letters swapped between sites, waters of partial occupancy",
        "altloc/1pfe.cif.gz",
        "PDB entry 1PFE",
    ),
    RealEntry(
        "5g27",
        "Altlocs, one TLS group whose mean trace is negative, and ANISOU that contain it",
        "altloc/5g27.cif",
        "PDB entry 5G27",
        {"tls": "keep"},
    ),
    RealEntry("4i39", "Every atom in alternates A and B: one variable", "altloc/4i39.cif", "PDB entry 4I39"),
    RealEntry("1k6p", "Numeric altlocs and atoms of zero occupancy", "altloc/1k6p.cif", "PDB entry 1K6P"),
    RealEntry("7gsa", "Sites with one letter and partial occupancies", "altloc/7gsa.cif", "PDB entry 7GSA"),
    RealEntry(
        "4opj",
        "Nucleic acid and protein with zero-occupancy atoms; a B that contradicts its ANISOU",
        "altloc/4opj.cif",
        "PDB entry 4OPJ",
    ),
    RealEntry(
        "1g8a-qfit",
        "A multiconformer model with the letters A to D",
        "altloc/qfit_1G8A_multiconformer.pdb",
        "qFit-3.0, example of PDB entry 1G8A",
    ),
    RealEntry("3dg1", "TLS of 41 atoms, exactly contained in the ANISOU", "tls/3dg1_final.cif", "PDB entry 3DG1"),
    RealEntry(
        "3p3w", "Twenty TLS groups; the header says residual, the ANISOU are totals", "tls/3p3w.pdb", "PDB entry 3P3W"
    ),
    RealEntry(
        "1o1z", "TLS beside residual B-factors; most of its U_TLS are indefinite", "tls/1o1z.cif", "PDB entry 1O1Z"
    ),
    RealEntry(
        "3hsy",
        "Eight TLS groups by expression, B-factors undeclared and taken as residual",
        "tls/3hsy.pdb",
        "PDB entry 3HSY",
        {"b_factors": "residual"},
    ),
    RealEntry("5cvz", "TLS and residual B-factors, declared twice", "tls/5cvz_final.pdb", "PDB entry 5CVZ"),
    RealEntry("4cup", "Twenty TLS groups with altlocs, totals shown by ANISOU", "tls/4CUP.cif", "PDB entry 4CUP"),
    RealEntry("5zng", "Eleven TLS groups, totals shown by ANISOU to rounding", "tls/5zng.cif", "PDB entry 5ZNG"),
    RealEntry("1l2y", "A bundle of 38 models", "nmr/1l2y.cif", "PDB entry 1L2Y"),
    RealEntry("1lcd", "A bundle of three models with different atoms", "nmr/1LCD.cif", "PDB entry 1LCD"),
    RealEntry("1as5", "A bundle of 14 models", "nmr/1AS5.cif", "PDB entry 1AS5"),
    RealEntry(
        "7k3t",
        "Anisotropic B-factors beside hydrogens without, alternates and partial waters",
        "echt/7k3t-prepared-H.pdb",
        "PDB entry 7K3T, with hydrogens added",
    ),
    RealEntry("4ck4-mmtf", "Microheterogeneity, from MMTF 1.0", "mmtf/v1.0/4CK4.mmtf", "PDB entry 4CK4"),
    RealEntry(
        "5emg-mmtf", "Two thirds of the atoms in alternates, from MMTF 1.0", "mmtf/v1.0/5EMG.mmtf", "PDB entry 5EMG"
    ),
    RealEntry(
        "5emg-mmtf-draft", "The same entry from the draft dialect of MMTF", "mmtf/draft-0.1/5EMG.mmtf", "PDB entry 5EMG"
    ),
    RealEntry(
        "1msh-mmtf",
        "A bundle of 30 models of which one lacks a chain, from MMTF 1.0",
        "mmtf/v1.0/1MSH.mmtf",
        "PDB entry 1MSH",
    ),
)
