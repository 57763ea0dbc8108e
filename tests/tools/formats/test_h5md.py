"""H5MD in and out: units, clocks, boxes, energies, several groups, and what is refused by name."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

import polystate
from polystate.errors import PolystateError
from polystate_conformance.paths import CONFORMANCE
from polystate_tools.formats.h5md.importer import export_h5md, import_h5md, place_beside
from tests.tools.formats.examples import topology

ARTIFACTS = CONFORMANCE / "artifacts"


def refused(file: str, n: int = 2, **options: object) -> tuple[str, str]:
    with pytest.raises(PolystateError) as error:
        import_h5md(ARTIFACTS / file, topology(n), **options)  # type: ignore[arg-type]
    return error.value.code, error.value.where


def test_a_file_inline_and_outside_renders_the_same(tmp_path: Path) -> None:
    inline, report = import_h5md(ARTIFACTS / "two-atoms.h5md", topology(2))
    outside, _ = import_h5md(ARTIFACTS / "two-atoms.h5md", topology(2), external=True)
    polystate.write(outside, tmp_path / "a.zarr")
    place_beside(ARTIFACTS / "two-atoms.h5md", tmp_path / "a.zarr")
    deps = polystate.Deposition(inline), polystate.open(tmp_path / "a.zarr")
    assert all(dep.validate(strict=True).valid for dep in deps)
    for step in range(3):
        one, other = (dep.render(at={"frame": step}).xyz for dep in deps)
        assert np.array_equal(one, other)
    assert deps[0].axes["frame"].coordinates["time"].tolist() == [0.0, 2.0, 4.0]
    assert report.kept == 2 and report.models == 3


def test_groups_with_clocks_of_their_own_are_axes_of_their_own() -> None:
    atoms = {"protein": "atom_id=1-2", "solvent": "atom_id=3-5"}
    dep = polystate.Deposition(import_h5md(ARTIFACTS / "two-groups.h5md", topology(5), atoms=atoms)[0])
    assert dep.validate().valid and {n: a.length for n, a in dep.axes.items()} == {"frame": 3, "frame-solvent": 5}
    xyz = dep.render(at={"frame": 1, "frame-solvent": 4}).xyz
    assert np.array_equal(xyz[:2], [[2.5, 2.5, 5.0], [10.0, -2.5, 0.0]])
    assert np.array_equal(xyz[2:], [[4.0, 0.25, 0.5], [4.0, -1.0, 2.0], [0.0, 4.0, 4.0]])


def test_what_is_not_said_is_asked_for() -> None:
    assert refused("two-atoms-silent.h5md") == ("bad-option", "--units")
    assert refused("two-atoms.h5md", units="bohr") == ("bad-option", "--units")
    assert refused("two-groups.h5md", 5) == ("bad-option", "--atoms")
    assert refused("two-groups.h5md", 5, atoms={"protein": "all", "solvent": "all"})[0] == "wrong-columns"
    assert refused("two-atoms.h5md", energy="potential") == ("bad-option", "--energy")
    assert refused("two-atoms.h5md", keep=["b"]) == ("bad-option", "--keep")
    dep = polystate.Deposition(import_h5md(ARTIFACTS / "two-atoms-silent.h5md", topology(2), units="bohr")[0])
    assert np.allclose(dep.render(at={"frame": 0}).xyz[0], np.array([0.125, 0.25, 0.5]) * 0.529177210903)


def test_damaged_files_are_refused_by_name() -> None:
    assert refused("no-hdf5.h5md")[0] == "unreadable-file"
    assert refused("no-values.h5md")[0] == "unreadable-file"
    assert refused("absent.h5md")[0] == "unreadable-file"
    assert refused("two-atoms.h5md", 3)[0] == "wrong-columns"
    assert refused("two-atoms-nan.h5md") == ("non-finite", "two-atoms-nan.h5md/particles/all/position/value[1]")


def test_export_and_import_give_the_same_coordinates(tmp_path: Path) -> None:
    dep = polystate.Deposition(import_h5md(ARTIFACTS / "two-atoms.h5md", topology(2))[0])
    report = export_h5md(dep, tmp_path / "out.h5md", steps=[2, 0])
    assert report.models == 2 and not report.losses
    again = polystate.Deposition(import_h5md(tmp_path / "out.h5md", topology(2))[0])
    for k, step in enumerate((2, 0)):
        assert np.array_equal(again.render(at={"frame": k}).xyz, dep.render(at={"frame": step}).xyz)
    assert again.axes["frame"].coordinates["time"].tolist() == [4.0, 0.0]
    with pytest.raises(PolystateError):
        export_h5md(dep, tmp_path / "out.h5md")
    export_h5md(dep, tmp_path / "out.h5md", draws=4, seed=1, at={"frame": 0}, overwrite=True)
    with h5py.File(tmp_path / "out.h5md") as file:
        assert file["particles/all/position/value"].shape == (4, 2, 3)


def test_a_malformed_observable_is_named_and_the_rest_is_read(shared_data: Path) -> None:
    file = shared_data / "trajectory" / "cu_malformed.h5md"
    tree, report = import_h5md(file, topology(108), energy="atoms/energy")
    dep = polystate.Deposition(tree)
    assert dep.validate().valid and dep.axes["frame"].document["energy_unit"] == "eV"
    assert [x["because"] for x in report.losses if x["what"] == "observables/energy"][0].startswith("malformed")
    with h5py.File(file) as opened:
        assert np.array_equal(dep.axes["frame"].coordinates["energy"], opened["observables/atoms/energy/value"])
        assert np.array_equal(dep.axes["frame"].coordinates["box"], opened["particles/atoms/box/edges/value"])
        xyz = opened["particles/atoms/position/value"][7]
        assert np.array_equal(dep.render(at={"frame": 7}).xyz, xyz)
    with pytest.raises(PolystateError) as error:
        import_h5md(file, topology(108), energy="energy")
    assert error.value.code == "unreadable-file"
