"""Random depositions of small molecules, and messages that ask for them as structure files.

`asked(random)` gives both: a few polymers, ligands and waters under odd names and numbers, with a handful of the
descriptors that a structure file has a form for, all of them at once. The same seed gives the same; a `Random` that a
`hypothesis` strategy makes shrinks. Coordinates have three decimals, as a PDB file has; U has four."""

from __future__ import annotations

from random import Random

from polystate_conformance.selftest.export_disorder import GAUSSIANS, frames
from polystate_conformance.selftest.export_molecules import Document, grouping, molecule
from polystate_conformance.selftest.export_states import LETTERS, Own, alternates, bundle, states_of

POLICIES = ("marginal", "atomic-only", "records", "refuse")


def asked(random: Random) -> tuple[Document, Document]:
    """A deposition and a message of the kind `export`, without paths."""
    what = random.choice(("all", "all", "all", "state", "conformer", "draws"))
    document = deposition(random, apart=what in ("all", "conformer"))
    return document, message(random, document, what)


def deposition(random: Random, apart: bool = False) -> Document:
    """A molecule of one to some twenty atoms with up to seven descriptors.

    apart: of the places of an atom no two are equal, and one variable at most moves it, so that all of them have
    letters that the text names."""
    document = molecule(random)
    descriptors: Document = {}
    document |= {"descriptors": descriptors, "groupings": {"part.d/v1": grouping(random, document)}}
    if random.random() < 0.3:
        descriptors["models"] = bundle(random, document)
    own: Own = {}
    for name in ("altloc", "rot", "a.loop")[: random.choice((0, 1, 1, 2, 3))]:
        descriptors[name] = alternates(random, document, name, own, apart)
    for name, make in GAUSSIANS.items():
        if random.random() < 0.4:
            descriptors[name] = make(random, document, own if apart else None)
    if apart and random.random() < 0.15:
        descriptors["frames"] = frames(random, document)
    if random.random() < 0.4:
        document["annotations"] = {"alternates": {"items": _notes(random, document)}}
    document["provenance"] = {"by-hand": {"kind": "assertion"}}
    return {name: value for name, value in document.items() if value}


def message(random: Random, document: Document, what: str) -> Document:
    """Kind, profile, seed and request: a format, a policy, and what of the states is written."""
    request: Document = {
        "format": random.choice(("mmcif", "mmcif", "pdb", "pdb", "mmtf")),
        "outputs": ["file", "losses"],
    }
    allowed = [
        policy for policy in POLICIES if policy != "records" or what in ("all", "conformer") and not _levels(document)
    ]
    if random.random() < 0.5:
        request["gaussian"] = random.choice(allowed)
    seed = None
    if what == "state":
        request["state"] = _state(random, document)
    elif what == "conformer":
        labels = [label for states in _variables(document).values() for *_, label in states if label in LETTERS]
        request["conformer"] = random.choice(("occupancy", *labels))
    elif what == "draws":
        request["draws"], seed = random.randint(1, 3), str(random.randrange(2**64))
    return {"kind": "export", "profile": "exchange", "seed": seed, "request": request}


def _levels(document: Document) -> bool:
    """Whether there is disorder beside that of single atoms."""
    return bool({"groups", "soft-modes"} & document.get("descriptors", {}).keys())


def _variables(document: Document) -> dict[str, list[tuple[int, int, str]]]:
    return {name: states_of(d) for name, d in document.get("descriptors", {}).items() if d["regime"] == "discrete"}


def _state(random: Random, document: Document) -> dict[str, str]:
    """States of some variables, legal or not."""
    found = {}
    for name, states in _variables(document).items():
        for site in {site for site, *_ in states}:
            if random.random() < 0.5:
                found[f"{name}/{site}"] = random.choice([label for other, _, label in states if other == site])
    return found


def _notes(random: Random, document: Document) -> list[Document]:
    """Letters of states, conditions of bonds, and somebody's remarks."""
    items: list[Document] = [{"selector": {"target": "deposition"}, "body": {"text": "looked at twice"}}]
    ids = document["hierarchy"]["atoms"]["atom_id"]
    for name, states in _variables(document).items():
        site, state, _ = random.choice(states)
        selector = {"target": "state", "descriptor": name, "site": site, "state": state}
        items.append(
            {"selector": selector, "body": {"letter_of": sorted(random.sample(ids, random.randint(1, len(ids))))}}
        )
    bonds = document["hierarchy"].get("bonds", {"atom_a": [], "atom_b": []})
    for a, b in zip(bonds["atom_a"], bonds["atom_b"], strict=True):
        if _variables(document) and random.random() < 0.6:
            name, states = random.choice(list(_variables(document).items()))
            named = [
                [name, site, [state]]
                for site, state, _ in random.sample(states, random.randint(1, min(2, len(states))))
            ]
            body = {"bonded_in": [[one] for one in named] if random.random() < 0.5 else [named]}
            items.append({"selector": {"target": "atoms", "atoms": [ids[a], ids[b]]}, "body": body})
    return items
