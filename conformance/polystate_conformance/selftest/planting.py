"""Planted faults: deliberately wrong evaluators, and which cases catch each of them."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from polystate_conformance import paths


@dataclass(frozen=True)
class Fault:
    """One small, believable mistake: `make(original)` replaces the function `target` ("module:attribute")."""

    id: str
    description: str
    profiles: tuple[str, ...]
    target: str
    make: Callable[[Any], Any]
    equivalent: str | None = None
    """Why no case can tell this evaluator from a right one, where that is so."""


_REGISTERED: list[Fault] = []


def fault(id: str, target: str, *profiles: str, equivalent: str | None = None) -> Callable[[Callable], Callable]:
    """Register a fault: the decorated function takes the original and returns the wrong one; its docstring says how."""

    def register(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
        description = (make.__doc__ or "").strip().splitlines()[0]
        _REGISTERED.append(Fault(id, description, profiles, target, make, equivalent))
        return make

    return register


def load(folder: Path = paths.FAULTS) -> list[Fault]:
    """All hand-written faults, in order of file and line."""
    _REGISTERED.clear()
    for file in sorted(folder.glob("[a-z]*.py")):
        spec = importlib.util.spec_from_file_location(f"polystate_faults_{file.stem}", file)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    ids = [item.id for item in _REGISTERED]
    if twice := sorted({id for id in ids if ids.count(id) > 1}):
        raise ValueError(f"fault ids stand twice: {', '.join(twice)}")
    return list(_REGISTERED)


@contextlib.contextmanager
def planted(item: Fault) -> Iterator[None]:
    """Replace the target wherever a polystate module has bound it, for the time of the block; a module that is imported
    meanwhile binds the wrong one, and gets the original in the end."""
    module_name, _, attribute = item.target.partition(":")
    owner: Any = importlib.import_module(module_name)
    *path, name = attribute.split(".")
    for part in path:
        owner = getattr(owner, part)
    original = owner.__dict__[name] if isinstance(owner, type) else getattr(owner, name)
    wrong = item.make(original)
    places = [(owner, name)]
    if isinstance(owner, ModuleType) and callable(original):
        places += [(module, key) for module in _polystate_modules() for key, value in list(vars(module).items())
                   if value is original and (module, key) != (owner, name)]  # fmt: skip
    before = _polystate_modules()
    for place, key in places:
        setattr(place, key, wrong)
    _forget(item.target)
    try:
        yield
    finally:
        late = [module for module in _polystate_modules() if module not in before]
        places += [(module, key) for module in late for key, value in list(vars(module).items()) if value is wrong]
        for place, key in places:
            setattr(place, key, original)
        _forget(item.target)


def _forget(target: str) -> None:
    """Empty the caches that may hold what the original gave; those of the registry never do."""
    if target.startswith("polystate_schemas."):
        for name in ("polystate_schemas.documents", "polystate_schemas.schema", "polystate_schemas.violations"):
            for value in list(vars(sys.modules[name]).values()) if name in sys.modules else ():
                if hasattr(value, "cache_clear") and value.__module__ == name:
                    value.cache_clear()


def _polystate_modules() -> list[ModuleType]:
    ours = ("polystate", "polystate_schemas", "polystate_tools")
    return [module for name, module in list(sys.modules.items()) if name.split(".")[0] in ours and module is not None]
