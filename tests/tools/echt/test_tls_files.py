"""Levels as TLS records: what gemmi reads in them makes the U of the level again."""

from __future__ import annotations

import csv
import re

import gemmi
import numpy as np
import pytest

from polystate_tools.echt.fit import atom_covariances, fit
from polystate_tools.echt.solver.points import Settings
from polystate_tools.echt.tls_files import write_tls
from tests.tools.echt.conftest import peptide

DEGREE = np.pi / 180


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    (folder / "small.pdb").write_text(peptide())
    result = fit(folder / "small.pdb", settings=Settings(max_steps=25, final_tolerance=1e-5))
    return result, folder, {path.name for path in write_tls(result, folder)}


def u_of(t, lib, s, r):
    """U at r from the origin: T + K L K^T + K S + (K S)^T with K w = w x r (Schomaker & Trueblood), Å and radians."""
    k = np.array([[0, r[2], -r[1]], [-r[2], 0, r[0]], [r[1], -r[0], 0]])
    return t + k @ lib @ k.T + k @ s + (k @ s).T


def groups_of(folder):
    return gemmi.read_structure(str(folder / "1-chain.tls.cif")).meta.refinement[0].tls_groups


def symmetric(x):
    return np.array([[x[0], x[3], x[4]], [x[3], x[1], x[5]], [x[4], x[5], x[2]]])


def expected(result, level: int) -> np.ndarray:
    return np.stack([symmetric(u) for u in atom_covariances(result)[level]])


@pytest.mark.parametrize("level", [0, 1])
def test_records_of_a_level_make_its_u_again(written, level):
    result, folder, names = written
    name = f"{level + 1}-{result.levels[level].name}.tls.cif"
    assert name in names
    groups = gemmi.read_structure(str(folder / name)).meta.refinement[0].tls_groups
    labels, xyz, u = result.levels[level].labels, result.data.xyz, expected(result, level)
    assert len(groups) == len(result.levels[level].names)
    for k in np.flatnonzero(labels >= 0):
        g = groups[int(labels[k])]
        t, lib, s = (np.array(m.tolist()) for m in (g.T.as_mat33(), g.L.as_mat33(), g.S))
        made = u_of(t, lib * DEGREE**2, s * DEGREE, xyz[k] - np.array(g.origin.tolist()))
        np.testing.assert_allclose(made, u[k], atol=1e-7)


def test_pdb_holds_the_same_groups_to_its_four_decimals(written):
    _, folder, _ = written
    text = (folder / "1-chain.tls.pdb").read_text()
    groups = groups_of(folder)
    values_of = {"S12": [g.S.tolist()[0][1] for g in groups], "T13": [g.T.u13 for g in groups],
                 "L33": [g.L.u33 for g in groups]}  # fmt: skip
    for name, values in values_of.items():
        found = [float(x) for x in re.findall(rf"{name}:\s*(-?[0-9.]+)", text)]
        np.testing.assert_allclose(found, values, atol=6e-5)


def test_the_table_has_every_group_of_every_level(written):
    result, folder, names = written
    rows = list(csv.DictReader((folder / "tls.csv").read_text().splitlines()))
    assert len(rows) == sum(len(level.names) for level in result.levels)
    assert "3-sidechain.tls.cif" not in names and {r["level"] for r in rows} == {"chain", "residue", "sidechain"}
    level, u = result.levels[2], expected(result, 2)
    mine = [r for r in rows if r["level"] == "sidechain"]
    for k in np.flatnonzero(level.labels >= 0)[:40]:
        row = mine[int(level.labels[k])]
        t, lib = (symmetric([float(row[f"{m}{e}{unit}"]) for e in ("11", "22", "33", "12", "13", "23")])
                  for m, unit in (("T", "_A2"), ("L", "_deg2")))  # fmt: skip
        s = np.array([float(row[f"S{i}{j}_A_deg"]) for i in "123" for j in "123"]).reshape(3, 3)
        r = result.data.xyz[k] - np.array([float(row[f"origin_{x}"]) for x in "xyz"])
        np.testing.assert_allclose(u_of(t, lib * DEGREE**2, s * DEGREE, r), u[k], atol=1e-6)


def test_tlsin_names_ranges_and_the_eight_numbers_of_s(written):
    """As the manual of REFMAC lays it out: <22 - 11> <11 - 33> <12> <13> <23> <21> <31> <32>."""
    _, folder, _ = written
    text = (folder / "1-chain.tlsin").read_text().splitlines()
    assert text[0] == "REFMAC" and text[2] == "TLS    A"
    assert text[3:5] == ["RANGE  'A   1.' 'A  24.' ALL", "RANGE  'A 101.' 'A 101.' ALL"]
    s = np.array(groups_of(folder)[0].S.tolist())
    numbers = [float(x) for x in next(line for line in text if line.startswith("S")).split()[1:]]
    wanted = [s[1, 1] - s[0, 0], s[0, 0] - s[2, 2], s[0, 1], s[0, 2], s[1, 2], s[1, 0], s[2, 0], s[2, 1]]
    np.testing.assert_allclose(numbers, wanted, atol=6e-5)
