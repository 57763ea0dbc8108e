"""Which cases a run is given: by profile, by case and by area, reading no more of the collection than these."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polystate_conformance import paths, protocol
from polystate_conformance.suite import case as cases
from polystate_conformance.suite import variants
from polystate_conformance.suite.case import BadCase, Case

_ID = re.compile(r"(?P<area>[a-z][a-z0-9_-]*)\.(?P<number>[0-9]{4})(-[0-9]+)?")
_PROFILE = re.compile(r"""^profile: *["']?([a-z-]+)["']? *$""", re.M)


@dataclass(frozen=True)
class Choice:
    """The options that choose: profiles, and ids of cases or names of areas; none chooses all."""

    profiles: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    @classmethod
    def of(cls, profiles: Sequence[str] | None, ids: Sequence[str] | None) -> Choice:
        """The choice that the options say; one that stands twice counts once."""
        return cls(tuple(dict.fromkeys(profiles or ())), tuple(dict.fromkeys(ids or ())))

    def __bool__(self) -> bool:
        return bool(self.profiles or self.ids)

    def __str__(self) -> str:
        """As it is typed."""
        return " ".join([*(f"--profile {name}" for name in self.profiles), *(f"--case {id}" for id in self.ids)])

    def has(self, case: Case) -> bool:
        """Whether a case is chosen."""
        return (not self.profiles or case.profile in self.profiles) and (
            not self.ids or case.id in self.ids or case.area in self.ids
        )

    def to_json(self) -> dict[str, Any]:
        return {"profiles": list(self.profiles), "cases": list(self.ids)}


def load(choice: Choice, root: Path = paths.CASES) -> list[Case]:
    """The cases of a choice in order of id; BadCase for a name that nothing has, and for a choice of nothing.

    Names are looked up before anything is read. Of what is not chosen nothing is judged."""
    if unknown := [name for name in choice.profiles if name not in protocol.PROFILES]:
        raise BadCase(f"found no profile {', '.join(unknown)}, expected one of {', '.join(protocol.PROFILES)}")
    files = [file for file in _files(choice, root) if not choice.profiles or _may_have(file, choice.profiles)]
    found = [case for file in files for case in variants.expand(cases.load(file)) if choice.has(case)]
    if not found:
        raise BadCase(f"found no case of {choice or root}")
    known = {case.id for case in found} | {case.area for case in found}
    if missing := [id for id in choice.ids if id not in known]:
        raise BadCase(f"found no case {', '.join(missing)}" + (" of these profiles" if choice.profiles else ""))
    return sorted(found, key=lambda case: case.id)


def count(root: Path = paths.CASES) -> int:
    """How many cases and variants there are, without reading them."""
    files = cases.files(root)
    lines = (file.with_name(variants.FILE) for file in files)
    return len(files) + sum(file.read_bytes().count(b"\n") for file in lines if file.exists())


def _files(choice: Choice, root: Path) -> list[Path]:
    if not choice.ids:
        return cases.files(root)
    found: set[Path] = set()
    for id in choice.ids:
        match = _ID.fullmatch(id)
        pattern = f"{match['area']}/{match['number']}-*/case.yaml" if match else f"{id}/*/case.yaml"
        mine = set(root.glob(pattern)) if match or re.fullmatch("[a-z][a-z0-9_-]*", id) else set()
        if not mine:
            areas = sorted({file.parent.parent.name for file in cases.files(root)})
            raise BadCase(f"found no case or area {id}, expected one like tls.0001 or one of {', '.join(areas)}")
        found |= mine
    return sorted(found)


def _may_have(file: Path, profiles: Sequence[str]) -> bool:
    """Whether a file may be of one of some profiles: not, where its one line about that names another."""
    named = _PROFILE.findall(file.read_text("utf-8", errors="replace"))
    return len(named) != 1 or named[0] in profiles


def load_all(root: Path = paths.CASES, profiles: Iterable[str] | None = None) -> list[Case]:
    """All cases below `root`, in order of id; an empty collection is an error, never a success."""
    wanted = set(profiles or protocol.PROFILES)
    if unknown := wanted - set(protocol.PROFILES):
        raise BadCase(f"no such profile: {', '.join(sorted(unknown))}; known: {', '.join(protocol.PROFILES)}")
    found = [case for file in cases.files(root) for case in variants.expand(cases.load(file)) if case.profile in wanted]
    if not found:
        raise BadCase(f"{root}: no case of profile {', '.join(sorted(wanted))}")
    return sorted(found, key=lambda case: case.id)
