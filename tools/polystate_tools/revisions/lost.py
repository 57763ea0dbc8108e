"""What cannot be said on the new atoms: sites of states, and conditions on them, until nothing more follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from polystate.model.descriptor import Descriptor
from polystate_tools.revisions.correspondence import Correspondence

MUTATED = 0.5  # of the atoms that the states of a site are about: from this share on they are about another residue


@dataclass
class Lost:
    """sites: descriptor to site to reason; conditions: descriptor to the numbers of conditions; descriptors: id to
    reason."""

    sites: dict[str, dict[int, str]] = field(default_factory=dict)
    conditions: dict[str, set[int]] = field(default_factory=dict)
    descriptors: dict[str, str] = field(default_factory=dict)

    def among(self, name: str, numbers: np.ndarray) -> np.ndarray:
        """Which of these conditions of a descriptor are lost, (n,) bool."""
        return np.isin(numbers, list(self.conditions.get(name, ())))


def lost(c: Correspondence) -> Lost:
    """What is lost of an old deposition."""
    found = Lost()
    descriptors = c.old.descriptors.values()
    for d in descriptors:
        reason = _whole(d, c)
        if reason:
            found.descriptors[d.id] = reason
        found.sites[d.id] = {site: reason or why for site, why in _sites(d, c, bool(reason))}
    while _follow(found, list(descriptors)):
        pass
    return found


def _whole(d: Descriptor, c: Correspondence) -> str:
    """Why a descriptor cannot be carried at all; empty where it can."""
    covered = d.covered if d.signal_type != "unknown" else d.label_of_atom >= 0
    gone = int((c.atom_rows[covered] < 0).sum())
    if covered.any() and gone == covered.sum():
        return "none of its atoms is in NEW"
    if gone and d.procedure.placed in ("decoder", "body", "trajectory"):
        return f"what it is made of gives all its atoms at once, and NEW lacks {gone} of {int(covered.sum())}"
    return ""


def _sites(d: Descriptor, c: Correspondence, all_of_them: bool) -> Iterator[tuple[int, str]]:
    """Sites of a discrete descriptor that are lost by themselves, and why."""
    if not d.is_discrete or not d.table("states"):
        return
    residue = c.old.hierarchy.of_atoms("residue")
    about = d.covered
    for site in np.unique(d.column("states", "site")).tolist():
        mine = d.label_of_atom == site
        named = np.flatnonzero(mine & about) if (mine & about).any() else np.flatnonzero(mine)
        if all_of_them or not (c.atom_rows[mine] >= 0).any() or not (c.atom_rows[named] >= 0).any():
            yield site, "its atoms are not in NEW"
        elif c.mutated[residue[named]].mean() >= MUTATED:
            yield site, "its residue has another type in NEW"


def _follow(found: Lost, descriptors: list[Descriptor]) -> bool:
    """Lose the conditions on lost sites, and the sites and descriptors under lost conditions; whether any was."""
    before = sum(map(len, [*found.sites.values(), *found.conditions.values(), found.descriptors]))
    for d in descriptors:
        if d.table("conditions"):
            rows = zip(d.column("conditions", "condition").tolist(), d.table("conditions")["parent"],
                       d.column("conditions", "site").tolist(), strict=True)  # fmt: skip
            gone = {number for number, parent, site in rows if site in found.sites.get(parent, {})}
            found.conditions.setdefault(d.id, set()).update(gone)
        if d.active_when in found.conditions.get(d.id, ()):
            found.descriptors.setdefault(d.id, "it holds under a state that is dropped")
        if d.is_discrete and d.table("states"):
            sites = d.column("states", "site")
            under = sites if d.id in found.descriptors else sites[found.among(d.id, d.column("states", "condition"))]
            for site in np.unique(under).tolist():
                found.sites[d.id].setdefault(site, "it holds under a state that is dropped")
            if len(found.sites[d.id]) == len(np.unique(sites)):
                found.descriptors.setdefault(d.id, "none of its states is left")
    return sum(map(len, [*found.sites.values(), *found.conditions.values(), found.descriptors])) > before
