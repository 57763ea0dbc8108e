"""Decoders whose forward pass is a ONNX program; `artifacts.bodies` runs it where the caller permits that."""

from __future__ import annotations

from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("neural_decoder/onnx_v1", "decoder", components="latent")
