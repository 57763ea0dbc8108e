"""Stores that nobody validated: each question is answered, or refused as validation does, never by NumPy or Arrow."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import polystate
from polystate.errors import OutOfRange, PolystateError, SchemaError
from polystate_tools.bridges.query import query
from polystate_tools.formats import import_file
from tests.reference import small

STORES = ["int53", "s10040", "s10177", "s10353", "s10414", "s10511", "valid-draw-linalg"]
QUESTIONS = {
    "describe": lambda d: d.describe(),
    "explain": lambda d: d.explain(),
    "states": lambda d: d.states.count(),
    "covariance": lambda d: d.covariance(),
    "render": lambda d: d.render().xyz,
    "draw": lambda d: d.render(draw=polystate.Draw(7, 1)).xyz,
    "query": lambda d: query(d, "SELECT * FROM atoms, residues, chains, groups, descriptors, states"),
}


@pytest.fixture
def cases(shared_data: Path) -> Path:
    """The inputs that failed, beside the real files."""
    return shared_data.parent / "cases/robustness"


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("name", STORES)
def test_a_damaged_store_answers_or_refuses_as_validation_does(cases, name, question):
    path = cases / f"store/{name}.zarr.zip"
    wrong = [str(error) for error in polystate.open(path).validate().errors]
    assert wrong
    try:
        found = QUESTIONS[question](polystate.open(path))
    except PolystateError as error:
        assert str(error) in wrong
        return
    assert not isinstance(found, np.ndarray) or np.isfinite(found).all()


def test_an_integer_that_readers_round_is_refused_by_all(cases):
    dep = polystate.open(cases / "store/int53.zarr.zip")
    assert isinstance(dep.validate().errors[0], SchemaError)
    for number in (1 << 53, -(1 << 53)):
        made = polystate.Deposition(polystate.build({**small.deposition(2, {}), "x": {"y": [1, number]}}))
        assert [error.where for error in made.validate().errors] == ["#/x/y/1"]
        with pytest.raises(SchemaError):
            made.digest()
    assert polystate.Deposition(polystate.build({**small.deposition(2, {}), "x": (1 << 53) - 1})).validate().valid


@pytest.mark.parametrize("x", [1e9, -1e9])
def test_the_largest_numbers_are_evaluated(x):
    tree = polystate.build(small.deposition(2, {"b": small.iadp([1e9, 1e9])}, x_ref=[[x, x, -x], [0.0, x, 1.0]]))
    dep = polystate.Deposition(tree)
    assert dep.validate().valid
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(dep.covariance()).all()
        assert np.isfinite(dep.render(draw=polystate.Draw(1, 1)).xyz).all()


@pytest.mark.parametrize("where, descriptors, x", [
    ("reference/x_ref", {}, 1.1e9), ("descriptors/b/b", {"b": small.iadp([1.0, 1e10])}, 0.0),
])  # fmt: skip
def test_numbers_beyond_are_refused_by_validation_and_evaluation(where, descriptors, x):
    dep = polystate.Deposition(
        polystate.build(small.deposition(2, descriptors, x_ref=[[x, 0.0, 0.0], [0.0, 1.0, 0.0]]))
    )
    assert [(type(e), e.where.split("[")[0]) for e in dep.validate().errors] == [(OutOfRange, where)]
    with pytest.raises(OutOfRange):
        polystate.Deposition(dep.tree).render(draw=polystate.Draw(1, 1))


@pytest.mark.parametrize(
    "name", ["text/10001.pdb", "text/11295.cif", "text/10034.pdb", "text/10243.cif", "misc/10781.mmtf"]
)
def test_numbers_that_no_deposition_holds_are_told_at_the_record(cases, name):
    """Refused, or imported without them and said so; never blamed on the importer, never answered with NaN."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree, report = import_file(cases / name)
        except PolystateError as error:
            assert error.where.startswith(Path(name).name) and "fault of the importer" not in str(error)
            return
    assert report.losses or report.warnings
    dep = polystate.Deposition(tree)
    assert np.isfinite(dep.covariance()).all() and np.isfinite(dep.x_ref).all()


def test_a_link_without_author_numbering_is_read(cases):
    tree, _ = import_file(cases / "text/struct_conn-without-auth.cif")
    assert polystate.Deposition(tree).validate().valid
