"""Decoders whose forward pass is a TorchScript program; `artifacts.bodies` runs it where the caller permits that."""

from __future__ import annotations

from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("neural_decoder/torchscript_v1", "decoder", components="latent")
