"""Polystate: the reference evaluator of macromolecular heterogeneity.

    import polystate
    dep = polystate.open("6vxx.zarr")
    dep.render(state={"ligand": "bound"}, draw=polystate.Draw(seed=7, index=0)).xyz

Names are imported when they are first used, so that importing polystate costs nothing."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Deposition": "deposition",
    "open": "deposition",
    "Draw": "numbers.philox",
    "Group": "store.tree",
    "Tree": "store.tree",
    "read": "store.reading",
    "write": "store.writing",
    "update": "store.updating",
    "digest": "store.digest",
    "build": "editing.text_form",
    "PolystateError": "errors",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'polystate' has no attribute {name!r}")
    return getattr(importlib.import_module(f"polystate.{_HOME[name]}"), name)
