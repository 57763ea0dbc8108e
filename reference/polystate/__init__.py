"""Polystate: the reference evaluator of macromolecular heterogeneity.

    import polystate
    dep = polystate.open("6vxx.zarr")
    dep.render(state={"ligand": "bound"}, draw=polystate.Draw(seed=7, index=0)).xyz

Names are imported when they are first used, so that importing polystate costs nothing."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what type checkers and editors see of the lazy names below
    from polystate.deposition import Deposition as Deposition
    from polystate.deposition import open as open
    from polystate.editing.payloads import replace_payload as replace_payload
    from polystate.editing.regenerated import regenerated as regenerated
    from polystate.editing.text_form import build as build
    from polystate.errors import PolystateError as PolystateError
    from polystate.numbers.philox import Draw as Draw
    from polystate.store.digest import digest as digest
    from polystate.store.reading import read as read
    from polystate.store.tree import Group as Group
    from polystate.store.tree import Tree as Tree
    from polystate.store.updating import update as update
    from polystate.store.writing import write as write

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
    "replace_payload": "editing.payloads",
    "regenerated": "editing.regenerated",
    "PolystateError": "errors",
}
__all__ = sorted(_HOME)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'polystate' has no attribute {name!r}")
    return getattr(importlib.import_module(f"polystate.{_HOME[name]}"), name)
