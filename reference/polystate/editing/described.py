"""Provenance that is bound to what it speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from polystate.store.digest import partial_digest
from polystate.store.tree import Tree


def describing(tree: Tree, block: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """A provenance block with the digests of the parts of a tree that it describes ([PRV-6]).

    Once one of them changes, the block is stale: validation, `describe` and reports say so."""
    return {**block, "describes": [{"path": path, "hash": partial_digest(tree, path)} for path in paths]}
