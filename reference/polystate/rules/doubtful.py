"""What is doubtful but not wrong: warnings, and descriptors whose inputs have changed since."""

from __future__ import annotations

from collections.abc import Iterator

from polystate.errors import AdpCountedTwice, Stale
from polystate.model.model import Model


def warnings(dep: Model, sound: bool = True) -> list[dict[str, str]]:
    """What is doubtful but not wrong; sound: the payloads are valid, so that the atoms they cover are known."""
    from polystate_schemas.documents import kind_of_path
    from polystate_schemas.schema import unknown_keys

    result = []
    for path, group in dep.tree.items():
        kind = "deposition" if path == "" else kind_of_path(path)
        for pointer in unknown_keys(kind, dict(group.attributes)) if kind else []:
            result.append(warning("schema", "unknown-key", f"{path}#{pointer}", "kept and ignored"))
    gaussians = [d for d in dep.descriptors.values() if d.is_gaussian]
    for d in dep.descriptors.values():
        if d.signal_type == "unknown":
            result.append(warning("semantic", "unknown-signal", d.path, "signal_type unknown: ignored by evaluation"))
        if sound and d.is_gaussian and d.document.get("adp_content") == "unknown":
            if any((d.covered & o.covered).any() for o in gaussians if o is not d):
                message = "adp_content unknown beside another Gaussian descriptor: summed"
                result.append(warning("semantic", AdpCountedTwice.code, d.path, message))
    return result


def warning(stage: str, code: str, where: str, message: str) -> dict[str, str]:
    """A warning in the shape in which it is printed."""
    return {"stage": stage, "code": code, "where": where, "message": message}


def stale(dep: Model) -> Iterator[Stale]:
    """Descriptors whose inputs changed since they were made."""
    from polystate.store.digest import partial_digest

    for d in dep.descriptors.values():
        derived = d.document.get("derived_from") or {}
        for entry in derived.get("inputs", []):
            found = partial_digest(dep.tree, entry["path"])
            if entry.get("hash") not in (None, found):
                yield Stale(d.path, f"{entry['path']} is now {found}", f"{entry['hash']}, as when it was made")
