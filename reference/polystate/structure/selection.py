"""Selections: one small language for scopes, domains and annotations.

    A/10-20/CA                       chain A, residues 10 to 20, atoms CA
    A,B/*(HOH)                       waters of chains A and B
    //A/10.A-12/!CA,CB[!H]           insertion codes after a dot; `!` negates a field
    @echt.domain/v1=NTD,CTD          atoms under labels of a grouping
    atom_id=1-50,77                  atoms by id
    A/1-50 and not ( [H] or (GLY) )  `and`, `or`, `not`, and parentheses that stand alone

A term with slashes is a coordinate id as gemmi and MMDB write it, `/model/chain/residues/atoms`, without model and
alternate location: an alternate is a state here, not an atom. Chains and residue numbers are the author's. Fields that
are left out, and `*`, select everything."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from polystate.errors import BadRequest, NotAPartition
from polystate.store.tree import Group
from polystate.structure.ground import Ground
from polystate.structure.groupings import grouping
from polystate.structure.hierarchy import ELEMENTS

_RESIDUES = re.compile(r"(?P<seq>[^(]*)(?:\((?P<comp>[^)]*)\))?")
_ATOMS = re.compile(r"(?P<name>[^\[:]*)(?:\[(?P<element>[^\]]*)\])?")
_NUMBER = re.compile(r"(-?[0-9]+)(?:\.([A-Za-z0-9]?))?")
_DIGITS = re.compile("[0-9]+")
DEEPEST = 100  # parentheses within each other
EXPECTED = "chain/residues/atoms, @grouping=labels, atom_id=..., and, or, not, ( )"


def select(dep: Ground, text: str) -> np.ndarray:
    """The rows of the atoms that a selection names, ascending."""
    return np.flatnonzero(mask(dep, text))


def mask(dep: Ground, text: str) -> np.ndarray:
    """Whether each atom is selected, (N,) bool."""
    return _Parser(dep, text).parse()


def partition(dep: Ground, selections: Mapping[str, str], kind: str = "partition") -> Group:
    """A grouping of atoms whose labels are selections, {label: text}; refused where one atom is under two labels."""
    owner = np.full(dep.n_atoms, -1, np.int32)
    for label, text in enumerate(selections.values()):
        rows = select(dep, text)
        taken = rows[owner[rows] >= 0]
        if len(taken):
            other = list(selections)[owner[taken[0]]]
            atom = int(dep.hierarchy.atom_id[taken[0]])
            raise NotAPartition("selection", f"atom_id {atom} under {other} and {list(selections)[label]}", "one label")
        owner[rows] = label
    child = np.flatnonzero(owner >= 0).astype(np.int32)
    document = {"kind": kind, "child_level": "atom", "labels": list(selections)}
    return Group(document, {"child": child, "parent": owner[child]})


class _Parser:
    """Recursive descent: `not` binds before `and`, `and` before `or`."""

    def __init__(self, dep: Ground, text: str) -> None:
        self.dep, self.text, self.words, self.at = dep, text, text.split(), 0
        self.n, self.depth = dep.n_atoms, 0

    def refuse(self, found: str, expected: str = EXPECTED) -> BadRequest:
        return BadRequest("selection", f"{found!r} in {self.text!r}", expected)

    def parse(self) -> np.ndarray:
        if not self.words:
            raise self.refuse("", "a selection")
        result = self.either()
        if self.at < len(self.words):
            raise self.refuse(self.words[self.at])
        return result

    def next_is(self, word: str) -> bool:
        if self.at < len(self.words) and self.words[self.at] == word:
            self.at += 1
            return True
        return False

    def either(self) -> np.ndarray:
        result = self.both()
        while self.next_is("or"):
            result = result | self.both()
        return result

    def both(self) -> np.ndarray:
        result = self.negated()
        while self.next_is("and"):
            result = result & self.negated()
        return result

    def negated(self) -> np.ndarray:
        negations = 0
        while self.next_is("not"):
            negations += 1
        result = self.single()
        return ~result if negations % 2 else result

    def single(self) -> np.ndarray:
        if self.next_is("("):
            self.depth += 1
            if self.depth > DEEPEST:
                raise BadRequest("selection", "more parentheses within each other", f"{DEEPEST} at most")
            result = self.either()
            self.depth -= 1
            if not self.next_is(")"):
                raise self.refuse("an open parenthesis")
            return result
        if self.at >= len(self.words) or self.words[self.at] in (")", "and", "or"):
            raise self.refuse(self.words[self.at] if self.at < len(self.words) else "the end")
        self.at += 1
        return self.term(self.words[self.at - 1])

    # -- terms -------------------------------------------------------------------------------------------

    def term(self, word: str) -> np.ndarray:
        if word == "all":
            return np.ones(self.n, bool)
        if word.startswith("@"):
            return self.labelled(word)
        if word.startswith("atom_id="):
            return self.numbered(word)
        return self.coordinate_id(word)

    def labelled(self, word: str) -> np.ndarray:
        name, equals, labels = word[1:].partition("=")
        found = grouping(self.dep.tree, self.dep.hierarchy, name, "selection")
        if not equals:
            wanted = set(range(found.n_labels))
        else:
            names = {label: k for k, label in enumerate(found.labels)}
            unknown = [label for label in labels.split(",") if label not in names]
            if unknown:
                raise self.refuse(unknown[0], f"labels of {name}")
            wanted = {names[label] for label in labels.split(",")}
        nodes = np.zeros(self.dep.hierarchy.size(found.child_level) + 1, bool)  # the last: atoms without a node
        nodes[found.child[np.isin(found.parent, list(wanted))]] = True
        return nodes[self.dep.hierarchy.of_atoms(found.child_level)]

    def numbered(self, word: str) -> np.ndarray:
        ids, result = self.dep.hierarchy.atom_id.astype(np.int64), np.zeros(self.n, bool)
        for part in word.removeprefix("atom_id=").split(","):
            low, dash, high = part.partition("-")
            if not _DIGITS.fullmatch(low) or (dash and not _DIGITS.fullmatch(high)):
                raise self.refuse(part, "atom ids such as 1-50,77")
            result |= (ids >= int(low)) & (ids <= int(high if dash else low))
        return result

    def coordinate_id(self, word: str) -> np.ndarray:
        if ":" in word or ";" in word:
            raise self.refuse(word, "no alternate location and no condition: they are states and descriptors")
        fields = word.split("/")
        if word.startswith("/"):
            if fields[1] not in ("", "*", "1"):
                raise self.refuse(word, "no model: models are states")
            fields = fields[2:]
        elif word.startswith(("(", "[")):  # gemmi's short forms: residue types, elements
            fields = ["", word] if word.startswith("(") else ["", "", word]
        if len(fields) > 3:
            raise self.refuse(word)
        chains, residues, atoms = [*fields, "", "", ""][:3]
        h, result = self.dep.hierarchy, np.ones(self.n, bool)
        of_residue = h.of_atoms("residue")
        if chains not in ("", "*"):
            result &= self.among(h.text("chains", "auth_asym"), chains)[h.of_atoms("chain")]
        match = _RESIDUES.fullmatch(residues)
        if match is None:
            raise self.refuse(residues)
        if match["seq"] not in ("", "*"):
            result &= self.in_range(match["seq"])[of_residue]
        if match["comp"] not in (None, "", "*"):
            result &= self.among(h.text("residues", "comp"), match["comp"])[of_residue]
        match = _ATOMS.fullmatch(atoms)
        if match is None:
            raise self.refuse(atoms)
        if match["name"] not in ("", "*"):
            result &= self.among(h.text("atoms", "name"), match["name"])
        if match["element"] not in (None, "", "*"):
            symbols = np.array([e.upper() for e in ELEMENTS], object)[h.column("atoms", "element")]
            result &= self.among(symbols, match["element"].upper())
        return result

    @staticmethod
    def among(values: np.ndarray, field: str) -> np.ndarray:
        """Whether each value is one of a comma-separated list; a leading `!` negates the list."""
        negated = field.startswith("!")
        return np.isin(values, field.removeprefix("!").split(",")) != negated

    def in_range(self, field: str) -> np.ndarray:
        """Residues of a list of numbers and ranges; without an insertion code a bound takes all of its number."""
        h = self.dep.hierarchy
        seq, ins = h.column("residues", "auth_seq"), h.text("residues", "ins").astype(str)
        negated, result = field.startswith("!"), np.zeros(len(seq), bool)
        for part in field.removeprefix("!").split(","):
            low = _NUMBER.match(part)
            if low is None:
                raise self.refuse(part, "residue numbers such as 10-20,25.A")
            rest = part[low.end() :]
            high = _NUMBER.fullmatch(rest[1:]) if rest.startswith("-") else low if not rest else None
            if high is None:
                raise self.refuse(part, "residue numbers such as 10-20,25.A")
            inside = (seq > int(low[1])) | ((seq == int(low[1])) & ((ins >= low[2]) if low[2] else True))
            inside &= (seq < int(high[1])) | ((seq == int(high[1])) & ((ins <= high[2]) if high[2] else True))
            result |= inside
        return result != negated
