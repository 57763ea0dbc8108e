"""Bodies that run code: hash, pickle, permission, then the program."""

from __future__ import annotations

import base64
import pickle
import sys
from typing import Any

import numpy as np
import pytest

import polystate
from polystate.artifacts.bodies import is_pickle
from polystate.errors import (
    ArtifactMismatch,
    CodeNotAllowed,
    HashMismatch,
    OutputShape,
    PickleRefused,
    UnsupportedCombination,
)
from polystate_conformance.paths import CONFORMANCE
from polystate_schemas.registry import entries
from tests.reference.small import build

LINEAR = (CONFORMANCE / "artifacts" / "linear.onnx").read_bytes()


def decoder(body: bytes, operator: str = "neural_decoder/onnx_v1", **more: Any) -> polystate.Deposition:
    """Two atoms moved by a body of one latent component, 2."""
    net = {
        "regime": "continuous", "mode": "C", "scope": {"level": "atom"}, "signal_type": "deterministic_displacement",
        "algebra": "additive_displacement", "operator": {"id": operator, "venue": "inline", "uri": "operators/net"},
        "arrays": {"atom_id": [1, 2], "latent": [2.0]},
    }  # fmt: skip
    text = base64.b64encode(body).decode()
    (media_type,) = entries()[operator].document["signature"]["body"]["media_types"]
    bodies = {"net": {"media_type": media_type, "body": text, **more}}
    return polystate.Deposition(build(2, {"net": net}, operators=bodies))


def test_nothing_runs_without_permission() -> None:
    with pytest.raises(CodeNotAllowed):
        decoder(LINEAR).render()


def test_permission_is_asked_each_time() -> None:
    pytest.importorskip("onnxruntime")
    dep = decoder(LINEAR)
    dep.render(allow_code=True)
    with pytest.raises(CodeNotAllowed):
        dep.render()


def test_an_onnx_body_displaces() -> None:
    pytest.importorskip("onnxruntime")
    dep = decoder(LINEAR)
    want = dep.x_ref + (2.0 * np.arange(1, 7) + 0.5).reshape(2, 3)
    assert np.allclose(dep.render(allow_code=True).xyz, want, atol=1e-12)
    with pytest.raises(OutputShape):
        dep.render(allow_code=True, components={"net": [1.0, 2.0]})


def test_a_torchscript_body_displaces() -> None:
    torch = pytest.importorskip("torch")
    import io

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(1, 6)

        def forward(self, z: Any) -> Any:
            return self.layer(z)

    torch.manual_seed(0)
    net, content = Net().eval(), io.BytesIO()
    torch.jit.save(torch.jit.trace(net, torch.zeros(1, 1)), content)
    dep = decoder(content.getvalue(), "neural_decoder/torchscript_v1")
    assert not is_pickle(content.getvalue())
    want = net(torch.tensor([[2.0]])).detach().numpy().reshape(2, 3)
    assert np.allclose(dep.render(allow_code=True).xyz - dep.x_ref, want, atol=1e-6)
    with pytest.raises(CodeNotAllowed):
        dep.render()
    saved = io.BytesIO()
    torch.save(net.state_dict(), saved)
    with pytest.raises(PickleRefused):
        decoder(saved.getvalue(), "neural_decoder/torchscript_v1").render(allow_code=True)


@pytest.mark.parametrize("protocol", range(2, 6))
def test_pickles_are_refused_with_and_without_permission(protocol: int) -> None:
    dep = decoder(pickle.dumps({"w": [1.0]}, protocol))
    assert [e.code for e in dep.validate().errors] == ["pickle-refused"]
    for allow_code in (True, False):
        with pytest.raises(PickleRefused):
            dep.render(allow_code=allow_code)


def test_a_body_of_another_hash_is_refused_before_permission_is_asked() -> None:
    dep = decoder(LINEAR, sha256="0" * 64)
    with pytest.raises(HashMismatch):
        dep.render()


def test_a_body_of_another_media_type_is_refused() -> None:
    with pytest.raises(
        ArtifactMismatch, match=r"operators/net#/media_type: found text/plain, expected application/onnx"
    ):
        decoder(LINEAR, media_type="text/plain").render(allow_code=True)


def test_bytes_that_are_no_program_are_an_error_by_name() -> None:
    pytest.importorskip("onnxruntime")
    with pytest.raises(polystate.PolystateError) as refused:
        decoder(b"no model").render(allow_code=True)
    assert refused.value.stage == "operator"


def test_an_onnx_body_has_gradients_in_torch() -> None:
    torch = pytest.importorskip("torch", reason="SKIPPED: torch is not installed (extra `torch`)")
    pytest.importorskip("onnx2torch", reason="SKIPPED: onnx2torch is not installed")
    plan = decoder(LINEAR).plan(backend="torch", allow_code=True)
    (inputs,) = plan.inputs.values()
    inputs["latent"].requires_grad_()
    plan.mean().sum().backward()
    assert torch.allclose(inputs["latent"].grad, torch.tensor([21.0], dtype=torch.float64))  # 1 + 2 + ... + 6


def test_an_onnx_body_without_a_converter_is_refused_in_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="SKIPPED: torch is not installed (extra `torch`)")
    pytest.importorskip("onnxruntime")
    monkeypatch.setitem(sys.modules, "onnx2torch", None)
    plan = decoder(LINEAR).plan(backend="torch", allow_code=True)
    with pytest.raises(UnsupportedCombination, match="pip install onnx2torch"):
        plan.mean()
    with pytest.raises(CodeNotAllowed):
        decoder(LINEAR).plan(backend="torch").mean()
