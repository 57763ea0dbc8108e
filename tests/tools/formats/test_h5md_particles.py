"""Which atom a particle is, what a box may be, and how a caller names units and particle groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

import polystate
from polystate.errors import PolystateError
from polystate_tools.cli import application
from polystate_tools.formats.h5md.importer import import_h5md, place_beside
from tests.tools.formats.cif_text import cif
from tests.tools.formats.examples import topology

XYZ = np.arange(36.0).reshape(3, 4, 3)
"""Coordinates of four atoms at three steps, Å."""
FIXED = np.array([2, 0, 3, 1])
CHANGING = np.array([[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2]])


def h5md(path: Path, xyz: np.ndarray = XYZ, groups: tuple[str, ...] = ("all",), **more: Any) -> Path:
    """A file whose groups have these positions. more: `id` and `edges` (array, or with steps as a pair), `unit`."""
    with h5py.File(path, "w") as file:
        for name in groups:
            group = file.create_group(f"particles/{name}")
            value = group.create_dataset("position/value", data=xyz)
            value.attrs["unit"] = more.get("unit", "Angstrom")
            group.create_dataset("position/step", data=np.arange(len(xyz)) * 10)
            for key, place in (("id", "id"), ("edges", "box/edges")):
                given = more.get(key)
                if isinstance(given, tuple):
                    group.create_dataset(f"{place}/value", data=given[0])
                    group.create_dataset(f"{place}/step", data=given[1])
                elif given is not None:
                    group.create_dataset(place, data=given)
                if key == "edges" and given is not None:
                    (group[place] if not isinstance(given, tuple) else group[f"{place}/value"]).attrs["unit"] = "nm"
    return path


def frames(tree: Any) -> np.ndarray:
    return tree["descriptors/trajectory"].arrays["xyz"]


def error_of(path: Path, **options: Any) -> PolystateError:
    with pytest.raises(PolystateError) as found:
        import_h5md(path, topology(4), **options)
    return found.value


@pytest.mark.parametrize("start", [0, 1, 100])
def test_particles_stored_in_another_order_are_put_in_order_of_id(tmp_path, start):
    tree, _ = import_h5md(h5md(tmp_path / "a.h5md", XYZ[:, FIXED], id=FIXED + start), topology(4))
    assert np.array_equal(frames(tree), XYZ)
    mixed = np.stack([XYZ[k, CHANGING[k]] for k in range(3)])
    steps = np.arange(3) * 10
    tree, _ = import_h5md(h5md(tmp_path / "b.h5md", mixed, id=(CHANGING + start, steps)), topology(4))
    assert np.array_equal(frames(tree), XYZ)
    late = np.stack([XYZ[0], XYZ[1], XYZ[2, CHANGING[1]]])
    ids = np.stack([CHANGING[0], CHANGING[0], CHANGING[1]]) + start
    tree, _ = import_h5md(h5md(tmp_path / "c.h5md", late, id=(ids, steps)), topology(4))
    assert np.array_equal(frames(tree), XYZ)


def test_ids_that_ascend_are_the_order_of_the_topology_whatever_they_are(tmp_path):
    tree, _ = import_h5md(h5md(tmp_path / "a.h5md", id=np.array([3, 17, 18, 90])), topology(4))
    assert np.array_equal(frames(tree), XYZ)


def test_an_external_trajectory_carries_a_constant_order_and_refuses_one_that_changes(tmp_path):
    path = h5md(tmp_path / "a.h5md", XYZ[:, FIXED], id=FIXED)
    tree, _ = import_h5md(path, topology(4), external=True)
    (tmp_path / "sub").mkdir()
    polystate.write(tree, tmp_path / "sub" / "a.zarr")
    place_beside(path, tmp_path / "sub" / "a.zarr")
    dep = polystate.open(tmp_path / "sub" / "a.zarr")
    assert np.array_equal(dep.render(at={"frame": 2}).xyz, XYZ[2])
    error = error_of(h5md(tmp_path / "b.h5md", id=(CHANGING, np.arange(3) * 10)), external=True)
    assert (error.code, error.where) == ("bad-option", "--external") and "b.h5md/particles/all/id" in str(error.found)


@pytest.mark.parametrize(
    ("ids", "found"),
    [
        (np.array([1, 1, 2, 3]), "id 1 twice"),
        (np.array([90, 18, 3, 17]), "in no order"),
        (np.array([0, 1, 2]), "(3,)"),
        (np.array([0.0, 1.0, 2.0, 3.0]), "float64"),
        ((np.array([[0, 1, 2, 3], [0, 1, 2, 4], [0, 1, 2, 3]]), np.arange(3) * 10), "step 1"),
        ((CHANGING, np.arange(3) * 7), "other steps"),
    ],
)
def test_ids_that_name_no_atoms_are_refused(tmp_path, ids, found):
    error = error_of(h5md(tmp_path / "a.h5md", id=ids))
    assert error.code == "wrong-columns" and "a.h5md/particles/all/id" in error.where and found in str(error.found)


@pytest.mark.parametrize(
    ("edges", "because"),
    [
        (np.array([np.nan, 5, 5]), "finite"),
        (np.array([5.0, 5.0]), "2 edges"),
        (np.array(5.0), "no edges"),
        ((np.full((3, 3), np.inf), np.arange(3) * 10), "finite"),
    ],
)
def test_a_box_that_is_none_is_left_out_with_a_reason(tmp_path, edges, because):
    tree, report = import_h5md(h5md(tmp_path / "a.h5md", edges=edges), topology(4))
    assert "box" not in tree["axes/frame"].arrays
    assert [because in x["because"] for x in report.losses if x["what"] == "box of all"] == [True]
    assert polystate.Deposition(tree).validate().valid


def test_a_trajectory_without_steps_is_refused(tmp_path):
    error = error_of(h5md(tmp_path / "a.h5md", XYZ[:0]))
    assert (error.code, error.where) == ("wrong-columns", "a.h5md/particles/all/position/value")


@pytest.mark.parametrize(("units", "factor"), [("nm", 10), ("Å", 1), ("A", 1), ("pm", 0.01), ("nanometer", 10)])
def test_units_may_be_given_in_the_usual_spellings(tmp_path, units, factor):
    tree, _ = import_h5md(h5md(tmp_path / "a.h5md", unit=""), topology(4), units=units)
    assert np.allclose(frames(tree), XYZ * factor)
    assert error_of(h5md(tmp_path / "b.h5md", unit=""), units="furlong").where == "--units"


def test_the_command_takes_the_atoms_of_each_group_and_the_units_that_its_help_names(tmp_path):
    (tmp_path / "top.cif").write_text(cif({}, {}, {}, {}))
    path = h5md(tmp_path / "a.h5md", XYZ[:, :2], groups=("p", "q"), unit="")

    def run(*more: str) -> Any:
        given = ["import", str(path), str(tmp_path / "o.zarr"), "-y", "--topology", str(tmp_path / "top.cif"), *more]
        return CliRunner().invoke(application("import"), given)

    assert "--atoms" in str(run("--units", "nm").exception)
    wanted = ["--atoms", "p=atom_id=1-2", "--atoms", "q=atom_id=3-4"]
    for units in ("angstrom", "nm", "pm", "bohr"):
        assert run("--units", units, *wanted).exit_code == 0
    dep = polystate.open(tmp_path / "o.zarr")
    assert {"trajectory-p", "trajectory-q"} <= set(dep.descriptors)
    assert run("--units", "nm", "--atoms", "p").exit_code != 0
    assert "--units" in CliRunner().invoke(application("import"), ["import", "--help"]).stdout


def test_images_are_half_of_a_position(tmp_path):
    """H5MD: `image` counts the edges by which a particle was folded back; ids order particles, not images."""
    path = h5md(tmp_path / "a.h5md", id=FIXED, edges=np.array([0.5, 0.6, 0.7]))
    images = np.zeros((3, 4, 3), np.int32)
    images[2, 1] = (0, -1, 2)
    with h5py.File(path, "a") as file:
        file.create_dataset("particles/all/image/value", data=images)
        file.create_dataset("particles/all/image/step", data=np.arange(3) * 10)
    found = frames(import_h5md(path, topology(4))[0])
    wanted = (XYZ + images * np.array([5.0, 6.0, 7.0]))[:, np.argsort(FIXED)]
    assert np.allclose(found, wanted)
    assert error_of(path, external=True).code == "bad-option"
