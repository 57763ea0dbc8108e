"""`polystate registry verify DEP` runs the vectors that a deposition carries beside the bodies of its operators."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

import polystate
from polystate_conformance.paths import CASES
from polystate_conformance.suite.case import load
from polystate_tools.commands.registry import app

BODY = "operators/net"


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def document():
    """The deposition of a case whose operator brings its entry, an affine ONNX body and one vector."""
    (file,) = CASES.glob("operator/0060-*/case.yaml")
    return json.loads(json.dumps(load(file).document["deposition"]))


def store(document, tmp_path):
    from polystate.store.writing import write

    write(polystate.build(document), tmp_path / "x.zarr")
    return tmp_path / "x.zarr"


def test_bodies_are_run_on_their_vectors(document, tmp_path):
    pytest.importorskip("onnxruntime")
    path = store(document, tmp_path)
    done = run("verify", path, "--allow-code")
    assert done.exit_code == 0 and f"{BODY}#/entry  neural_decoder/hinge_v1  1 of 1 vectors" in done.stdout
    assert "by the entry beside its body" in done.stdout


def test_a_vector_that_the_body_does_not_meet_is_told(document, tmp_path):
    pytest.importorskip("onnxruntime")
    document["operators"]["net"]["vectors"][0]["expected"]["output"][1][2] = 12.0
    done = run("verify", store(document, tmp_path), "--allow-code", "--json")
    (body,) = json.loads(done.stdout)["carried"][str(tmp_path / "x.zarr")]
    assert done.exit_code == 1 and body["passed"] == 0 and body["failures"][0]["vector"] == "two"


def test_no_code_runs_without_permission(document, tmp_path):
    done = run("verify", store(document, tmp_path))
    assert done.exit_code == 0 and "--allow-code" in done.stdout and "1 of 1" not in done.stdout


def test_describe_names_what_stands_beside_a_body(document, tmp_path):
    found = polystate.open(store(document, tmp_path)).describe()["operators"]
    assert found == [{"path": BODY, "media_type": "application/onnx", "entry": "neural_decoder/hinge_v1", "vectors": 1}]
