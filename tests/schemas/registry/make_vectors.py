"""Compute the registry's test vectors: `python -m tests.schemas.registry.make_vectors [--check]`.

Nothing here imports the evaluator. Expected numbers come from closed forms, from first principles in 50-digit
arithmetic (an ensemble of motions instead of the TLS formula, Rodrigues' rotation instead of the quaternion matrix,
rotations in the Cartesian frame instead of fractional matrices), or from gemmi. Inputs are float64, taken as exact.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from polystate_schemas.registry import REGISTRY
from tests.schemas.registry import vectors_gaussian, vectors_latent, vectors_motion, vectors_other
from tests.schemas.registry.vector_file import text

NO_NUMBERS = "The operator is a body of its author; cases with committed bodies test it."


def files() -> dict[Path, str]:
    """Path to text of every file of vectors."""
    vectors: dict[str, list[dict[str, Any]]] = {
        **vectors_gaussian.VECTORS,
        **vectors_motion.VECTORS,
        **vectors_latent.VECTORS,
        **vectors_other.VECTORS,
    }
    found = {name: text(name, rows) for name, rows in vectors.items()}
    for name in ("neural_decoder/torchscript_v1", "neural_decoder/onnx_v1"):
        found[name] = text(name, [], NO_NUMBERS)
    return {REGISTRY / f"{name}.vectors.yaml": content for name, content in found.items()}


def main() -> int:
    """Write, or with --check compare."""
    stale = [path for path, content in files().items() if not path.exists() or path.read_text("utf-8") != content]
    for path in stale:
        print(f"{path.relative_to(REGISTRY)} {'differs' if '--check' in sys.argv else 'written'}")
        if "--check" not in sys.argv:
            path.write_text(files()[path], "utf-8")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
