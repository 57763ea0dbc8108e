"""Entities of a PDB file: which chains are one molecule, what it is called, and its sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import gemmi

from polystate_tools.formats.records.records import Entity

ENTITY_TYPES = {
    gemmi.EntityType.Polymer: "polymer",
    gemmi.EntityType.NonPolymer: "non-polymer",
    gemmi.EntityType.Water: "water",
    gemmi.EntityType.Branched: "branched",
}


class Header:
    """What the header says of molecules. compnd, hetnam: its lines; stated: gemmi's names of entities with SEQRES."""

    def __init__(self, compnd: Sequence[str], hetnam: Sequence[str], stated: set[str]) -> None:
        self.compnd, self.hetnam, self.stated = compnd, hetnam, stated

    @cached_property
    def molecules(self) -> dict[str, tuple[int, str]]:
        """Number and name of the molecule of each chain, of COMPND."""
        text = " ".join(line[10:80].strip() for line in self.compnd)
        made: dict[str, tuple[int, str]] = {}
        number, name = 0, ""
        for part in text.split(";"):
            key, _, value = part.partition(":")
            match key.strip().upper():
                case "MOL_ID":
                    number, name = number + 1, ""
                case "MOLECULE":
                    name = " ".join(value.split())
                case "CHAIN":
                    made.update({chain.strip(): (number, name) for chain in value.split(",")})
        return made

    @cached_property
    def components(self) -> dict[str, str]:
        """Names of components, of HETNAM; a name is cut anywhere, and goes on in the next record."""
        made: dict[str, str] = {}
        for line in self.hetnam:
            comp, text = line[11:14].strip(), line[15:70]
            made[comp] = made.get(comp, "") + (text if line[8:10].strip() else text.lstrip()).ljust(55)
        return {comp: " ".join(text.split()) for comp, text in made.items()}


def set_up_entities(structure: gemmi.Structure) -> None:
    """`setup_entities` of gemmi, which looks for each subchain among all others: here the first ligand of a kind stands
    for its equals meanwhile, so that the time grows with their number and not with its square."""
    structure.add_entity_types()
    structure.assign_subchains()
    first: dict[str, str] = {}
    equals: dict[str, list[tuple[gemmi.Residue, str]]] = {}
    for model in structure:
        for chain in model:
            for residue in chain:
                if residue.entity_type == gemmi.EntityType.NonPolymer:
                    one = first.setdefault(residue.name, residue.subchain)
                    if residue.subchain != one:
                        equals.setdefault(one, []).append((residue, residue.subchain))
                        residue.subchain = one
    structure.ensure_entities()
    structure.deduplicate_entities()
    for entity in structure.entities:
        others = [pair for name in entity.subchains for pair in equals.get(name, ())]
        if others:
            entity.subchains = list(dict.fromkeys([*entity.subchains, *(own for _, own in others)]))
        for residue, own in others:
            residue.subchain = own


def entities_of_structure(
    structure: gemmi.Structure, header: Header, order: Mapping[str, tuple[str, bool]]
) -> tuple[list[Entity], dict[str, str]]:
    """Entities numbered from 1 in order of their first residue, and the entity id of each subchain.

    Polymers are one entity where COMPND says that their chains are one molecule; where it says nothing, as gemmi finds.
    """
    place = {name: k for k, name in enumerate(order)}
    members: dict[tuple, list[tuple[gemmi.Entity, str]]] = {}
    for entity in structure.entities:
        polymer = entity.entity_type == gemmi.EntityType.Polymer
        subchains: Sequence[str] = [name for name in entity.subchains if name in order] or [""]
        for name in subchains:
            chain = order[name][0] if name else ""
            number = header.molecules.get(chain, (0, ""))[0] if polymer else 0
            key = ("molecule", number) if number else ("gemmi", entity.name)
            members.setdefault(key, []).append((entity, name))
    ordered = sorted(members.values(), key=lambda found: min(place.get(name, len(place)) for _, name in found))
    made: list[Entity] = []
    of_subchain: dict[str, str] = {}
    for number, found in enumerate(ordered, 1):
        entity = found[0][0]
        chains = [order[name][0] for _, name in found if name]
        sequence = " ".join(entity.full_sequence) if entity.name in header.stated else ""
        kind = ENTITY_TYPES.get(entity.entity_type, "")
        made.append(Entity(str(number), kind, _description(entity, kind, chains, header), sequence))
        of_subchain.update({name: str(number) for _, name in found if name})
    return made, of_subchain


def _description(entity: gemmi.Entity, kind: str, chains: Sequence[str], header: Header) -> str:
    if kind in ("non-polymer", "water"):
        comp = entity.name.rstrip("!")
        return header.components.get(comp, comp)
    names = {header.molecules.get(chain, (0, ""))[1] for chain in chains} if kind == "polymer" else set()
    return names.pop() if len(names) == 1 else ""
