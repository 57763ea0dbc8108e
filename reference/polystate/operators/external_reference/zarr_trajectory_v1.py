"""Trajectories outside the deposition: what a Zarr array holds, in ångström; the conversion is that of H5MD."""

from __future__ import annotations

from polystate.operators.external_reference.h5md_v1 import h5md_v1 as zarr_trajectory_v1
from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("external_reference/zarr_trajectory_v1", "trajectory")

__all__ = ["PROCEDURE", "zarr_trajectory_v1"]
