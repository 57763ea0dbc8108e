"""The combinations of regime, mode, signal and operator that have a procedure (the table of 4.2)."""

from __future__ import annotations

# [DSC-4] regime, mode, signal type, subcase of the operator, algebras
PROCEDURES = [
    ("discrete", "A", "categorical_state", "", {"independent", "nested_under"}),
    ("discrete", "A", "coordinates", "", {"independent", "nested_under"}),
    ("discrete", "B", "categorical_state", "", {"independent", "nested_under"}),
    ("discrete", "C", "categorical_state", "rigid_body", {"independent", "nested_under"}),
    ("trajectory", "A", "coordinates", "", {"independent"}),
    ("trajectory", "A", "deterministic_displacement", "", {"additive_displacement"}),
    ("trajectory", "C", "coordinates", "external_reference", {"independent"}),
    ("continuous", "C", "gaussian_disorder", "parametric_gaussian", {"additive_covariance"}),
    ("continuous", "C", "deterministic_displacement", "basis", {"additive_displacement"}),
    ("continuous", "C", "deterministic_displacement", "rigid_body", {"additive_displacement"}),
    ("continuous", "C", "deterministic_displacement", "neural_decoder", {"additive_displacement"}),
    ("continuous", "C", "coordinates", "neural_decoder", {"additive_displacement"}),
    ("continuous", "C", "deterministic_displacement", "lookup_table", {"additive_displacement"}),
    ("continuous", "C", "coordinates", "lookup_table", {"additive_displacement"}),
    ("continuous", "C", "deterministic_displacement", "identity", {"independent"}),
]

STATE_TABLES = ("states", "variables", "conditions")
