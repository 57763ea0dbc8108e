"""What a level may be called: its name becomes part of the id of a descriptor, a grouping and files."""

from __future__ import annotations

import re

from polystate_tools.echt.errors import LevelOverlap, UnknownLevel

PREFIX = "echt."  # of the ids of a fit
RESERVED = ("atomic", "atomic.aniso")  # levels of single atoms, which every fit may have
LONGEST = 64 - len(PREFIX)
_NAME = re.compile(rf"[a-z0-9][a-z0-9_.-]{{0,{LONGEST - 1}}}")
EXPECTED = f"at most {LONGEST} of a-z, 0-9, _, . and -, the first a letter or digit"


def check_name(name: str, where: str) -> str:
    """The name; refused where it is reserved or cannot be part of an id (type Id of the schema)."""
    if name in RESERVED:
        raise UnknownLevel(where, name, "another name: this one is the level of single atoms, added by every fit")
    if not _NAME.fullmatch(name):
        raise UnknownLevel(where, repr(name), f"a name of {EXPECTED}{_instead(name)}")
    return name


def _instead(name: str) -> str:
    made = re.sub(r"[^a-z0-9_.-]+", "_", name.strip().lower()).strip("_.-")[:LONGEST]
    return f", such as {made}" if _NAME.fullmatch(made) and made not in RESERVED else ""


def once(names: list[str], where: str) -> None:
    """Refuse a name that stands twice."""
    for name in names:
        if names.count(name) > 1:
            raise LevelOverlap(where, f"{name} twice", "each level once")
