"""A deposition's descriptors on the atoms of another: what is carried, what went stale, what was dropped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import polystate
from polystate.deposition import Deposition
from polystate.errors import BadRequest
from polystate.model.descriptor import Descriptor
from polystate.store.digest import partial_digest, reference_hash
from polystate.store.tree import Group
from polystate_tools.revisions.account import Account, Entry, some
from polystate_tools.revisions.annotations import merged
from polystate_tools.revisions.correspondence import Correspondence, correspondence
from polystate_tools.revisions.history import superseding
from polystate_tools.revisions.lost import Lost, lost
from polystate_tools.revisions.payloads import Payload
from polystate_tools.revisions.scopes import level_grouping, moved, scope_of

STILL = 1e-3  # Å: an atom that moved by less stands where it stood
OF_OLD = ("axes", "operators")  # layers that are taken as they are
OF_NEW = ("", "hierarchy", "reference")


def rebased(old: Deposition, new: Deposition) -> tuple[dict[str, Group], Account]:
    """The tree of NEW's atoms under OLD's descriptors, and what became of each part of OLD.

    Atoms are those of the same chain, residue and name; residues are paired by number and type, and by aligned
    sequences where numbers have changed. Payloads stay as they are; descriptors say what they were made against."""
    for name, dep in (("OLD", old), ("NEW", new)):
        report = dep.validate()
        if not report.valid:
            raise BadRequest(name, report.errors[0], "a valid deposition")
    c = correspondence(old, new)
    gone = lost(c)
    account = Account((len(c.atoms), old.n_atoms - len(c.atoms), new.n_atoms - len(c.atoms)), _said_of_frames(c))
    tree = {path: new.tree[path] for path in new.tree if path.partition("/")[0] in OF_NEW}
    tree[""] = Group(superseding(new.document, old))
    tree.update({path: old.tree[path] for path in old.tree if path.partition("/")[0] in OF_OLD})
    renamed = _provenance(tree, old, new)
    _groupings(tree, c, account)
    for d in old.descriptors.values():
        if d.id in gone.descriptors:
            account.dropped.append(Entry(d.path, gone.descriptors[d.id]))
        else:
            account.dropped += _descriptor(tree, d, c, gone, renamed)
    account.dropped += [Entry(f"residues {span}", "not in NEW") for span in _spans(c)]
    account.dropped += _states_dropped(old, gone)
    account.dropped += [Entry(f"NEW's {d.path}", "OLD's descriptors take its place") for d in new.descriptors.values()]
    tree.update(merged(c, account.dropped))
    _judge(tree, c, account)
    return tree, account


def _said_of_frames(c: Correspondence) -> str:
    if c.frame is None:
        return "the frames of both are one"
    distance = np.linalg.norm(c.frame[1])
    angle = np.degrees(np.arccos(np.clip((np.trace(c.frame[0]) - 1) / 2, -1, 1)))
    return f"OLD is turned by {angle:.4g}° and shifted by {distance:.4g} Å into the frame of NEW"


def _provenance(tree: dict[str, Group], old: Deposition, new: Deposition) -> dict[str, str]:
    """Put the blocks of both into the tree; returns the new names of those of OLD whose name NEW has, too."""
    prefix = "provenance/"
    tree.update({path: new.tree[path] for path in new.tree if path.startswith(prefix)})
    renamed = {}
    for path in (p for p in old.tree if p.startswith(prefix)):
        name = path.removeprefix(prefix)
        if path in new.tree and new.tree[path].attributes != old.tree[path].attributes:
            while f"{prefix}{name}" in tree:
                name = f"superseded-{name}"
            renamed[path.removeprefix(prefix)] = name
        tree[prefix + name] = old.tree[path]
    return renamed


def _groupings(tree: dict[str, Group], c: Correspondence, account: Account) -> None:
    """Put the groupings of both into the tree; OLD's where both have one of a name."""
    for path in (p for p in c.new.tree if p.startswith("groupings/")):
        tree[path] = c.new.tree[path]
    for name, grouping in c.old.groupings.items():
        path = f"groupings/{name}"
        tree[path] = moved(grouping, c.old.tree[path], c)
        kept, all_of_them = len(tree[path].arrays["child"]), len(grouping.child)
        account.carried.append(Entry(path, f"{kept} of {all_of_them} {grouping.child_level}s"))


def _descriptor(
    tree: dict[str, Group], d: Descriptor, c: Correspondence, gone: Lost, renamed: Mapping[str, str]
) -> list[Entry]:
    """Put one descriptor of OLD into the tree, and what belongs to it; returns what of it is left out."""
    stand_in = level_grouping(d, c)
    document = {**d.stored.attributes, "scope": scope_of(d.document, stand_in)}
    if document.get("provenance") in renamed:
        document["provenance"] = renamed[document["provenance"]]
    if stand_in is not None:
        tree[f"groupings/{stand_in[0]}"] = stand_in[1]
    payload = Payload(d, c, gone)
    tree[d.path] = payload.group(document)
    landmarks = f"landmarks/{d.id}"
    if landmarks in c.old.tree:
        tree[landmarks] = c.old.tree[landmarks]
    rows = payload.conditional
    return [Entry(d.path, f"{rows} rows that hold under states that are dropped")] if rows else []


def _spans(c: Correspondence) -> list[str]:
    """Residues of OLD that NEW lacks, as stretches of their chains."""
    h, rows = c.old.hierarchy, c.rows("residue")
    chain = h.column("residues", "chain")
    spans: list[list[int]] = []
    for row in np.flatnonzero(rows < 0).tolist():
        if spans and spans[-1][-1] == row - 1 and chain[row] == chain[row - 1]:
            spans[-1].append(row)
        else:
            spans.append([row])
    named = ([h.node_label("residue", span[k]) for k in (0, -1)] for span in spans)
    return [first if first == last else f"{first} to {last}" for first, last in named]


def _states_dropped(old: Deposition, gone: Lost) -> list[Entry]:
    """One line for each variable that is lost while its descriptor is not."""
    found = []
    for name, sites in gone.sites.items():
        d = old.descriptors[name]
        if name not in gone.descriptors:
            found += [Entry(f"{d.path}: states of {d.label_names[site]}", why) for site, why in sorted(sites.items())]
    return found


def _judge(tree: dict[str, Group], c: Correspondence, account: Account) -> None:
    """Say of each descriptor how much of it was carried and what makes it stale, and pin what it was made against."""
    out = Deposition(tree, c.old.folder, c.old.allow_uris)
    for name, d in out.descriptors.items():
        before = c.old.descriptors[name]
        covered, now = _covered(before), _covered(d)
        kept = int((c.atom_rows[covered] >= 0).sum())
        account.carried.append(Entry(d.path, f"{kept} of {int(covered.sum())} atoms"))
        reasons = _reasons(before, covered, now, c)
        if reasons:
            account.stale.append(Entry(d.path, "; ".join(reasons)))
        group = tree[d.path]
        changes = _reference(before, d, c) | (_stale(d, c) if reasons else {})
        tree[d.path] = Group({**group.attributes, **changes}, group.arrays, group.tables)


def _covered(d: Descriptor) -> np.ndarray:
    return d.covered if d.signal_type != "unknown" else d.label_of_atom >= 0


def _reasons(d: Descriptor, covered: np.ndarray, now: np.ndarray, c: Correspondence) -> list[str]:
    """Why the numbers of a descriptor were made for something else than what they stand for now."""
    found = []
    rows = np.flatnonzero(covered)
    h = c.old.hierarchy
    gone = int((c.atom_rows[rows] < 0).sum())
    if gone:
        found.append(f"{gone} of its atoms are not in NEW")
    strangers = np.setdiff1d(np.flatnonzero(now), c.atom_rows[rows])
    if len(strangers):
        found.append(f"it covers {len(strangers)} atoms that it was not made for")
    still = c.moved[rows] <= STILL
    shifted = rows[~still & ~np.isnan(c.moved[rows])]
    if len(shifted):
        worst = int(shifted[np.argmax(c.moved[shifted])])
        moved_by = f"by up to {c.moved[worst]:.3g} Å ({h.node_label('atom', worst)})"
        found.append(f"{len(shifted)} of its atoms have moved, {moved_by}")
    residues = np.unique(h.of_atoms("residue")[rows])
    mutated = residues[c.mutated[residues]].tolist()
    if mutated:
        names = [f"{h.node_label('residue', r)} {h.text('residues', 'comp')[r]}" for r in mutated]
        found.append(f"{some(names)} of another type in NEW")
    return found


def _stale(d: Descriptor, c: Correspondence) -> dict[str, Any]:
    """What a stale descriptor says of itself: that it was made from OLD's atoms ([DRV-6]); and that the amplitudes of
    groups, means over the atoms that they had, are none over those that they have."""
    inputs = [{"path": path, "hash": partial_digest(c.old.tree, path)} for path in ("hierarchy", "reference")]
    made_from = {"pipeline": {"name": "polystate rebase", "version": polystate.__version__}, "inputs": inputs}
    found: dict[str, Any] = {} if "derived_from" in d.document else {"derived_from": made_from}
    return found | ({"normalised": False} if d.procedure.placed == "groups" else {})


def _reference(before: Descriptor, d: Descriptor, c: Correspondence) -> dict[str, Any]:
    """What a descriptor was made against, and how its frame maps to NEW's; nothing where that is what NEW has."""
    stored = before.document.get("reference") or {}
    made_against = stored.get("hash") or reference_hash(c.old.x_ref[before.label_of_atom >= 0])
    same = made_against == reference_hash(c.new.x_ref[d.label_of_atom >= 0])
    if c.frame is None and (same or (stored.get("offset") or {}).get("kind", "none") != "none"):
        return {}
    rotation, shift = (np.eye(3), np.zeros(3)) if c.frame is None else c.frame
    if before.offset is not None:
        rotation, shift = rotation @ before.offset[0], rotation @ before.offset[1] + shift
    offset = {"kind": "rigid", "rotation": rotation.tolist(), "translation": shift.tolist()}
    if np.array_equal(rotation, np.eye(3)):
        offset = {"kind": "translation", "translation": shift.tolist()}
    frame = stored.get("frame", c.old.frame)
    return {"reference": {**stored, "hash": made_against, "frame": frame, "offset": offset}}
