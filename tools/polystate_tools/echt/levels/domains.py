"""The file of `--domains`: levels made of selections, as YAML.

    levels:
      domain:
        source: where the borders are from
        rest: error
        groups: {NTD: A/27-305, RBD: A/319-541 or B/319-541}

rest says what becomes of atoms in no selection: an error (the default), a group of their own (`group`), or no group of
this level (`none`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polystate.errors import BadRequest
from polystate_schemas.yaml12 import Yaml12Error
from polystate_schemas.yaml12 import load as load_yaml
from polystate_tools.echt.errors import UnknownLevel
from polystate_tools.echt.levels.names import check_name

REST = ("error", "group", "none")
EXAMPLE = "levels: {domain: {groups: {NTD: A/27-305}}}"


@dataclass(frozen=True)
class Domains:
    """One level of the file. where: its place; groups: selection by name; rest: one of REST."""

    where: str
    groups: Mapping[str, str]
    rest: str
    source: str


def read_domains(path: Path) -> dict[str, Domains]:
    """The levels of a file by name, in its order."""
    try:
        document = load_yaml(Path(path))
    except Yaml12Error as error:
        raise BadRequest(f"{path}:{error.line}:{error.column}", error.problem, "plain YAML 1.2, in UTF-8") from None
    if isinstance(document, dict) and "levels" not in document:
        raise UnknownLevel(str(path), f"no levels, but {', '.join(document) or 'nothing'}", EXAMPLE)
    levels = _mapping(document, str(path), ("levels",), EXAMPLE)["levels"]
    if not isinstance(levels, dict) or not levels:
        raise UnknownLevel(f"{path}#/levels", "no levels" if not levels else _kind(levels), EXAMPLE)
    return {check_name(name, str(path)): _level(level, f"{path}#/levels/{name}") for name, level in levels.items()}


def _level(level: Any, where: str) -> Domains:
    keys = _mapping(level, where, ("groups", "rest", "source"), "{groups: {NTD: A/27-305}}")
    groups = _mapping(keys.get("groups"), f"{where}/groups", None, "selections by name, such as {NTD: A/27-305}")
    for name, text in groups.items():
        if not isinstance(text, str) or not text.strip():
            raise BadRequest(f"{where}/groups/{name}", _kind(text), "a selection, such as A/27-305")
    rest, source = keys.get("rest", "error"), keys.get("source", "")
    if rest not in REST:
        raise BadRequest(f"{where}/rest", rest if isinstance(rest, str) else _kind(rest), "one of " + ", ".join(REST))
    if not isinstance(source, str):
        raise BadRequest(f"{where}/source", _kind(source), "text")
    return Domains(where, groups, rest, " ".join(source.split()))


def _mapping(value: Any, where: str, known: tuple[str, ...] | None, expected: str) -> dict[str, Any]:
    """A mapping that is not empty and has no keys but the known ones."""
    if not isinstance(value, dict) or not value:
        raise UnknownLevel(where, _kind(value), expected)
    for key in value:
        if known is not None and key not in known:
            raise BadRequest(f"{where}/{key}" if "#" in where else f"{where}#/{key}", "an unknown key",
                             "only " + ", ".join(known))  # fmt: skip
        if not key.strip():
            raise BadRequest(where, "a name without a letter", expected)
    return value


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    return repr(value)
