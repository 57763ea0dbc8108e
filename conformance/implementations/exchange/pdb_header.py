"""What gemmi does not tell of the lines of a PDB file: names of COMPND and HETNAM, and fields that are none (20.6)."""

from __future__ import annotations

import re

from entry import Entity, Record, Refused

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(inf|nan)", re.IGNORECASE)
FIELDS = ((30, 38), (38, 46), (46, 54), (54, 60), (60, 66))


def check_fields(text: str) -> None:
    """Refuse atom records with numbers that are none, and a file that ends within one (EXP-56)."""
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if not line.startswith(("ATOM", "HETATM", "ANISOU")):
            continue
        least = 70 if line.startswith("ANISOU") else 54 if text.endswith("\n") else 66
        if number == len(lines) and len(line) < least:
            raise Refused("container", "unreadable-file", f"line {number}")
        fields = [line[a:b].strip() for a, b in FIELDS] if least < 70 else []
        if any(field and not NUMBER.fullmatch(field) for field in fields):
            raise Refused("semantic", "wrong-columns", f"line {number}")
        residue = line[22:26]
        if residue.strip() and not re.fullmatch(r" *-?\d+|[A-Z][A-Z0-9]{3}|[a-z][a-z0-9]{3}", residue):
            raise Refused("semantic", "wrong-columns", f"line {number}")


def molecules(lines: list[str]) -> dict[str, tuple[int, str]]:
    """Number and name of the molecule of each chain."""
    text, found = " ".join(line[10:80].strip() for line in lines if line.startswith("COMPND")), {}
    number, name = 0, ""
    for part in text.split(";"):
        key, _, value = (word.strip() for word in part.partition(":"))
        if key == "MOL_ID":
            number, name = number + 1, ""
        elif key == "MOLECULE":
            name = " ".join(value.split())
        elif key == "CHAIN":
            found |= {chain.strip(): (number, name) for chain in value.split(",")}
    return found


def components(lines: list[str]) -> dict[str, str]:
    """Names of components, each of one line or several."""
    found: dict[str, str] = {}
    for line in lines:
        if line.startswith("HETNAM"):
            found[line[11:14].strip()] = found.get(line[11:14].strip(), "") + line[15:70].ljust(55)
    return {name: " ".join(text.split()) for name, text in found.items()}


def named(records: list[Record], entities: dict[str, Entity], lines: list[str]) -> dict[str, Entity]:
    """The entities in the order of their first records, chains of one molecule as one; records are told which."""
    of_chain, of_component = molecules(lines), components(lines)
    made: dict[str, Entity] = {}
    for record in records:
        entity = entities.get(record.entity, Entity(""))
        number, name = of_chain.get(record.chain, (0, "")) if entity.type == "polymer" else (0, "")
        if number:
            record.entity = f"molecule {number}"
        if record.entity not in made:
            made[record.entity] = entity
            entity.description = name
            if entity.type == "water":
                entity.description = "water"
            elif entity.type == "non-polymer":
                entity.description = of_component.get(record.comp, record.comp)
    return made
