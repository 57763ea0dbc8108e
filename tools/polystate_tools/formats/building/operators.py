"""How a descriptor that an importer makes refers to its operator."""

from __future__ import annotations

from typing import Any

from polystate_schemas import registry


def operator(name: str) -> dict[str, Any]:
    """The operator document: id, venue and the registry's content hash."""
    return {"id": name, "venue": "registry", "hash": registry.entries()[name].hash}


def gaussian_document(name: str, operator_id: str, scope: dict, content: str) -> dict[str, Any]:
    """A parametric-Gaussian descriptor document; content: its adp_content."""
    return {
        "id": name,
        "regime": "continuous",
        "mode": "C",
        "scope": scope,
        "signal_type": "gaussian_disorder",
        "algebra": "additive_covariance",
        "operator": operator(operator_id),
        "adp_content": content,
        "provenance": "import",
    }
