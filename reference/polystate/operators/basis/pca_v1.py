"""Displacements along stored directions: principal components. The sum is that of normal modes; the entries differ in
what the basis and its variances mean."""

from __future__ import annotations

from polystate.operators.basis.nm_v1 import nm_v1 as pca_v1
from polystate.operators.procedure import Procedure

PROCEDURE = Procedure("basis/pca_v1", "basis", components="coefficients", width=("basis", 0))

__all__ = ["PROCEDURE", "pca_v1"]
