"""Which depositions a deposition takes the place of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polystate.deposition import Deposition


def version(dep: Deposition) -> dict[str, Any]:
    """What a later deposition says of one that it takes the place of: its digest, title and entry."""
    entry = (dep.document.get("entry") or {}).get("id")
    title = dep.document.get("title")
    said = {"digest": f"sha256:{dep.digest()}", "title": title, "entry": entry}
    return {key: value for key, value in said.items() if value}


def superseding(document: Mapping[str, Any], old: Deposition) -> dict[str, Any]:
    """A deposition document that takes the place of `old`, and of what that took the place of."""
    return {**document, "supersedes": [version(old), *(old.document.get("supersedes") or [])]}


def history(dep: Deposition) -> list[dict[str, Any]]:
    """This deposition and those before it, from the latest on."""
    dep.check_documents()
    return [version(dep), *(dep.document.get("supersedes") or [])]
