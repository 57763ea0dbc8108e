"""An entry as a deposition: hierarchy, reference, alternates, models, ADPs (20.1, 20.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from operator import itemgetter
from typing import Any

import numpy as np
import selections
import tls
import weights
from entry import Atom, Entry, Record, Refused, fifteen_digits, within
from sites import ABSENT, letters, sites
from store import Group, Tree, pinned, table, text_column

Clause = tuple[str, int, tuple[int, ...]]
"""Descriptor, site and the states of which one holds."""
NOTES = "annotations/alternates"


class Conditions:
    """The conditions of a descriptor, numbered as they come; none is -1."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[Clause, ...], int] = {}

    def number(self, clauses: Iterable[Clause]) -> int:
        key = tuple(sorted(clauses))
        return self.numbers.setdefault(key, len(self.numbers)) if key else -1

    def tables(self) -> dict[str, Any]:
        rows = sorted(
            (number, parent, site, state)
            for key, number in self.numbers.items() for parent, site, states in key for state in states
        )  # fmt: skip
        if not rows:
            return {}
        kinds = (("condition", "i4"), ("parent", "text"), ("site", "i4"), ("state", "i4"))
        return {"conditions": table(**{name: (kind, [row[i] for row in rows]) for i, (name, kind) in enumerate(kinds)})}


class Importer:
    """One import. of_atom: the id of each atom; of each model its records, within it, its sites and its occupancy."""

    def __init__(self, entry: Entry, options: dict[str, Any], registry: dict[str, str]):
        self.entry, self.options, self.registry = entry, options, registry
        self.models: dict[int, list[Record]] = defaultdict(list)
        for record in entry.records:
            self.models[record.model].append(record)
        self.letter: dict[int, str] = {}
        for records in self.models.values():
            self.letter |= letters(records)
            _refuse_duplicates(records, self.letter)
        self.of_atom = {atom: i for i, atom in enumerate(dict.fromkeys(r.atom for r in entry.records), 1)}
        self.first = {record.atom: record for record in reversed(entry.records)}
        self.residues = _residues(self.models.values())
        self.occupancy = {model: weights.occupancy(records) for model, records in self.models.items()}
        self.said = weights.said_of_models([*self.occupancy.values()])
        for record in entry.records if self.said else ():
            record.occ = fifteen_digits(record.occ / self.occupancy[record.model])
        self.sites = {model: sites(entry, records, options.get("alternates")) for model, records in self.models.items()}
        self.in_site = {model: {a: s for s in found for a in s.atoms} for model, found in self.sites.items()}
        self.draw_key = 2**32
        self.notes: list[dict[str, Any]] = []
        self.tree: Tree = {"": Group({"format_version": "0.1.0"}), "provenance/import": Group(
            {"kind": "import", "software": [{"name": "exchange from the text", "version": "1"}]})}  # fmt: skip

    def deposition(self) -> Tree:
        self._hierarchy()
        shown = {m: self._shown(m) for m in self.models}
        self.x_ref = np.array([next(s[a] for s in shown.values() if a in s).xyz for a in self.of_atom], float)
        self.tree["reference"] = Group(arrays={"x_ref": self.x_ref})
        several = len(self.models) > 1
        if several:
            self._bundle(shown)
        for state, model in enumerate(self.models):
            suffix, parents = (f"-m{model}", [("model", 0, (state,))]) if several else ("", [])
            if self.sites[model]:
                self._alternates(model, f"alternates{suffix}", parents, shown[model])
            self._partial(model, f"partial{suffix}", parents)
        self._adps()
        if self.notes:
            self.tree[NOTES] = Group({"items": self.notes})
        return {**{parent: Group() for name in list(self.tree) for parent in _parents(name)}, **self.tree}

    def _key(self) -> int:
        self.draw_key -= 1
        return self.draw_key

    def _row(self, atom: Atom) -> int:
        return self.of_atom[atom] - 1

    def _shown(self, model: int) -> dict[Atom, Record]:
        """The record of each atom that a model shows: that of the reference states."""
        found = {}
        for record in self.models[model]:
            site = self.in_site[model].get(record.atom)
            found.setdefault(record.atom, (site.shown(record.atom) if site else None) or record)
        return found

    def _hierarchy(self) -> None:
        chains = list(dict.fromkeys(key[0] for key in self.residues))
        by_residue = {(*r.place, r.comp): r for r in reversed(self.entry.records)}
        by_chain = {r.label: r for r in reversed(self.entry.records)}
        entities = [*self.entry.entities]
        row_of = {key: row for row, key in enumerate(self.residues)}
        atoms = [self.first[atom] for atom in self.of_atom]
        of_residue = [by_residue[key] for key in self.residues]
        places = list(dict.fromkeys(key[:3] for key in self.residues))
        self.tree["hierarchy/atoms"] = _columns(
            {"name": [r.name for r in atoms]},
            atom_id=np.arange(1, len(atoms) + 1, dtype="u4"), residue=_i4(row_of[r.atom[:4]] for r in atoms),
            element=np.array([r.element for r in atoms], "u1"), charge=np.array([r.charge for r in atoms], "i1"),
        )  # fmt: skip
        position = {"position": _i4(places.index(k[:3]) for k in self.residues)}
        self.tree["hierarchy/residues"] = _columns(
            {"comp": [r.comp for r in of_residue], "ins": [r.ins for r in of_residue]},
            chain=_i4(chains.index(r.label) for r in of_residue), label_seq=_i4(r.label_seq for r in of_residue),
            auth_seq=_i4(r.number for r in of_residue), **(position if len(places) < len(self.residues) else {}),
        )  # fmt: skip
        self.tree["hierarchy/chains"] = _columns(
            {"label_asym": chains, "auth_asym": [by_chain[c].chain for c in chains]},
            entity=_i4(entities.index(by_chain[c].entity) if by_chain[c].entity in entities else -1 for c in chains),
        )  # fmt: skip
        said = [*self.entry.entities.values()]
        self.tree["hierarchy/entities"] = _columns(
            {"type": [e.type or None for e in said], "description": [e.description or None for e in said],
             "sequence": [e.sequence or None for e in said]}
        )  # fmt: skip
        self.entry.crystal.put(self.tree, chains)
        self._bonds()

    def _bonds(self) -> None:
        """Each bond once, and a note of the alternates that it is between where it is not between all (EXP-32)."""
        between: dict[tuple[int, int], list[list[str]]] = defaultdict(list)
        orders: dict[tuple[int, int], int] = {}
        for one, other, order in self.entry.bonds:
            if one[0] in self.of_atom and other[0] in self.of_atom and one[0] != other[0]:
                ends = sorted([(self._row(one[0]), one[1]), (self._row(other[0]), other[1])])
                pair = between[key := (ends[0][0], ends[1][0])]
                orders[key] = orders.get(key) or order
                if [ends[0][1], ends[1][1]] not in pair:
                    pair.append([ends[0][1], ends[1][1]])
        if not between:
            return
        notes = {}
        for a, b in sorted(between):
            if any(letter for pair in between[a, b] for letter in pair):
                notes[a, b] = self._conditions(a + 1, b + 1, between[a, b])
        never = [pair for pair, conditions in notes.items() if not conditions]
        self.entry.losses += [f"bond of atoms {a + 1} and {b + 1}: no state has both alternates" for a, b in never]
        rows = [pair for pair in sorted(between) if pair not in never]
        if rows:
            ends = {"atom_a": _i4(a for a, _ in rows), "atom_b": _i4(b for _, b in rows)}
            self.tree["hierarchy/bonds"] = Group(arrays={**ends, "order": np.array([orders[r] for r in rows], "u1")})
        for a, b in rows:
            if (a, b) in notes:
                self._note([a + 1, b + 1], {"bonded_in": notes[a, b]})

    def _conditions(self, a: int, b: int, pairs: list[list[str]]) -> list[list[list[Any]]]:
        """The conditions under which both atoms are in records of the letters of a pair; empty texts name any."""
        atoms = {number: atom for atom, number in self.of_atom.items()}
        made: list[list[list[Any]]] = []
        for state, model in enumerate(self.models):
            several = len(self.models) > 1
            id = f"alternates-m{model}" if several else "alternates"
            for letters_ in pairs:
                clauses: dict[tuple[str, int], set[int]] = {("model", 0): {state}} if several else {}
                for atom, letter in zip((atoms[a], atoms[b]), letters_, strict=True):
                    if letter:
                        site = self.in_site[model].get(atom)
                        where = set() if site is None else {
                            k for k, label in enumerate(site.labels)
                            if (r := site.records.get((atom, label))) is not None and self.letter[id_(r)] == letter
                        }  # fmt: skip
                        key = (id, -1 if site is None else self.sites[model].index(site))
                        clauses[key] = clauses.get(key, where) & where
                if all(clauses.values()):
                    condition = [[*key, sorted(states)] for key, states in sorted(clauses.items())]
                    if condition not in made:
                        made.append(condition)
        return made

    def _note(self, atoms: list[int], body: dict[str, Any]) -> None:
        self.notes.append({"selector": {"target": "atoms", "atoms": atoms}, "body": body})

    def _bundle(self, shown: dict[int, dict[Atom, Record]]) -> None:
        count = len(self.models)
        given = self.options.get("weights")
        said = self.said if given is None else None
        populations = said or weights.populations(count, given)
        deposited = [*self.occupancy.values()] if said else [np.nan] * count
        xyz, present = np.repeat(self.x_ref[None], count, 0), np.zeros((count, len(self.of_atom)), "u1")
        for state, model in enumerate(self.models):
            for atom, record in shown[model].items():
                xyz[state, self._row(atom)], present[state, self._row(atom)] = record.xyz, 1
        self.tree["axes/model"] = Group({"length": count})
        of_models = enumerate(zip(self.models, populations, deposited, strict=True))
        states = [(0, i, str(model), -1, *numbers, "unknown") for i, (model, *numbers) in of_models]
        document = {"regime": "discrete", "mode": "A", "scope": {"level": "deposition"}, "algebra": "independent",
                    "signal_type": "coordinates", "state_axis": "model"}  # fmt: skip
        arrays = {"atom_id": np.arange(1, len(self.of_atom) + 1, dtype="u4"), "xyz": xyz, "present": present}
        self._descriptor("model", document, arrays, self._variables(states))

    def _descriptor(self, id: str, document: dict[str, Any], arrays: dict[str, Any], tables: dict[str, Any]) -> None:
        self.tree[f"descriptors/{id}"] = Group({"id": id, **document, "provenance": "import"}, arrays, tables)

    def _variables(self, states: list[tuple[Any, ...]]) -> dict[str, Any]:
        kinds = {"site": "i4", "state": "i4", "label": "text", "condition": "i4", "population": "f8", "deposited": "f8",
                 "source": "text"}  # fmt: skip
        own = sorted({row[0] for row in states})
        return {
            "states": table(**{name: (kind, [r[i] for r in states]) for i, (name, kind) in enumerate(kinds.items())}),
            "variables": table(site=("i4", own), draw_key=("u4", [self._key() for _ in own])),
        }

    def _discrete(
        self, id: str, scope: dict[str, str], parents: list[Clause], states, absent, deltas, occupancy
    ) -> None:
        """One of mode B. states: (site, label, population, deposited); occupancy: (atom, site, state, value)."""
        conditions = Conditions()
        always = conditions.number(parents)
        rows, number = [], defaultdict(int)
        for site, label, population, deposited in states:
            rows.append(
                (site, number[site], label, always, population, np.nan if deposited is None else deposited, "fit")
            )
            number[site] += 1
        tables = self._variables(rows)
        kept = sorted(
            (atom, conditions.number([(id, site, (state,))]), value) for atom, site, state, value in occupancy
        )
        if kept:
            tables["occupancy"] = table(atom_id=("u4", [k[0] for k in kept]), condition=("i4", [k[1] for k in kept]),
                                        value=("f8", [k[2] for k in kept]))  # fmt: skip
        keys, moved = {"site": "i4", "state": "i4", "atom_id": "u4"}, dict.fromkeys(("dx", "dy", "dz"), "f8")
        for name, rows, columns in (("deltas", deltas, keys | moved), ("absent", absent, keys)):
            if rows:
                rows.sort()
                tables[name] = table(**{n: (kind, [r[i] for r in rows]) for i, (n, kind) in enumerate(columns.items())})
        algebra = "nested_under" if parents else "independent"
        document = {
            "regime": "discrete",
            "mode": "B",
            "scope": scope,
            "signal_type": "categorical_state",
            "algebra": algebra,
        }
        self._descriptor(id, document, {}, tables | conditions.tables())

    def _alternates(self, model: int, id: str, parents: list[Clause], shown: dict[Atom, Record]) -> None:
        states, absent, deltas, occupancy, members = [], [], [], [], []
        for number, site in enumerate(self.sites[model]):
            states += [(number, *three) for three in zip(site.labels, site.population, site.deposited, strict=True)]
            for atom in site.atoms:
                members.append((self._row(atom), number))
                for state, label in enumerate(site.labels):
                    record = site.records.get((atom, label))
                    if record is None:
                        absent.append((number, state, self.of_atom[atom]))
                        continue
                    if any(delta := np.subtract(record.xyz, shown[atom].xyz).tolist()):
                        deltas.append((number, state, self.of_atom[atom], *delta))
                    if self.letter[id_(record)] == label:
                        shared = sum(site.records.get((atom, other)) is record for other in site.labels) > 1
                        if shared:
                            place = {"target": "state", "descriptor": id, "site": number, "state": state}
                            self.notes.append({"selector": place, "body": {"letter_of": [self.of_atom[atom]]}})
                        if shared or record.occ != site.population[state]:
                            occupancy.append((self.of_atom[atom], number, state, record.occ))
        labels = [f"{number}:{site.atoms[0][0]}.{site.atoms[0][1]}" for number, site in enumerate(self.sites[model])]
        scope = self._grouping(id, members, labels)
        self._discrete(id, scope, parents, states, absent, deltas, occupancy)

    def _partial(self, model: int, id: str, parents: list[Clause]) -> None:
        """Atoms without alternates of an occupancy below that of the model (EXP-9, EXP-36)."""
        found: dict[tuple[tuple[Any, ...], bool], list[Record]] = defaultdict(list)
        for record in self.models[model]:
            if not self.letter[id_(record)] and record.occ < 1 - 1e-6:
                found[record.atom[:4], record.occ == 0].append(record)
        if not found:
            return
        states, absent, occupancy, members = [], [], [], []
        for site, records in enumerate(found.values()):
            heavy = [r for r in records if not r.hydrogen] or records
            mean = sum(r.occ for r in heavy) / len(heavy)
            states += [(site, "present", mean, mean), (site, ABSENT, 1 - mean, None)]
            members += [(self._row(r.atom), site) for r in records]
            absent += [(site, 1, self.of_atom[r.atom]) for r in records]
            occupancy += [(self.of_atom[r.atom], site, 0, r.occ) for r in records if r.occ != mean]
        scope = self._grouping(id, members, [f"{n}:{key[0][0]}.{key[0][1]}" for n, key in enumerate(found)])
        self._discrete(id, scope, parents, states, absent, [], occupancy)

    def _grouping(self, id: str, members: list[tuple[int, int]], labels: list[str]) -> dict[str, str]:
        """The scope of a descriptor whose sites have the atoms of `members`, rows and sites."""
        members.sort()
        self.tree[f"groupings/import.{id}/v1"] = Group(
            {"kind": "heterogeneity_scope", "child_level": "atom", "labels": labels},
            {"child": _i4(row for row, _ in members), "parent": _i4(site for _, site in members)},
        )
        return {"grouping": f"import.{id}/v1"}

    def _adps(self) -> None:
        """Rows of B and of U, one for each record, under the condition that it is shown; TLS beside them."""
        group_u, content = self._tls()
        found: dict[bool, list[tuple[int, list[Clause], Record]]] = {False: [], True: []}
        for state, model in enumerate(self.models):
            parents = [("model", 0, (state,))] if len(self.models) > 1 else []
            id = f"alternates-m{model}" if parents else "alternates"
            number = {atom: n for n, site in enumerate(self.sites[model]) for atom in site.atoms}
            for record in self.models[model]:
                clauses, site = list(parents), self.in_site[model].get(record.atom)
                if site is not None:
                    states = [
                        i for i, label in enumerate(site.labels) if site.records.get((record.atom, label)) is record
                    ]
                    clauses.append((id, number[record.atom], tuple(states)))
                if record.u is not None or record.b is not None:
                    found[record.u is not None].append((self.of_atom[record.atom], clauses, record))
        for id, operator, name in (("iadp", "iadp_v1", "b"), ("aadp", "aadp_v1", "u")):
            conditions = Conditions()
            for clauses in sorted(clauses for _, clauses, _ in found[name == "u"]):  # whatever the order of records
                conditions.number(clauses)
            own = sorted(((atom, conditions.number(clauses), record) for atom, clauses, record in found[name == "u"]),
                         key=itemgetter(0, 1))  # fmt: skip
            if own:
                rest, values = (self._rest_of_u if name == "u" else _rest_of_b), []
                for atom, number, record in own:
                    part = group_u[atom - 1] if content == "total" else np.zeros((3, 3))
                    values.append(rest(record, part, number))
                arrays = {"atom_id": np.array([row[0] for row in own], "u4"),
                          "condition": _i4(row[1] for row in own), name: np.array(values, "f8")}  # fmt: skip
                self._gaussian(id, operator, {"level": "atom"}, arrays, conditions.tables())

    def _rest_of_u(self, record: Record, part: np.ndarray, condition: int) -> list[float]:
        """U without the part of TLS; the B beside it is noted."""
        rest = (np.array(record.u) - tls.six_of(part)).tolist()
        within(rest, 1e6, f"U of {'/'.join(map(str, record.atom))} without TLS")
        self._note([self.of_atom[record.atom]], {"b": record.b, "condition": condition})
        return rest  # type: ignore[no-any-return]

    def _gaussian(self, id: str, operator: str, scope: dict[str, str], arrays, tables) -> None:
        pin = pinned(f"parametric_gaussian/{operator}", self.registry)
        document = {"regime": "continuous", "mode": "C", "scope": scope, "signal_type": "gaussian_disorder",
                    "algebra": "additive_covariance", "operator": pin}  # fmt: skip
        self._descriptor(id, document, arrays, tables)

    def _tls(self) -> tuple[np.ndarray, str | None]:
        """U of TLS at x_ref (n, 3, 3), and whether the ADPs contain it."""
        u, content = np.zeros((len(self.of_atom), 3, 3)), self.options.get("b_factors")
        member: dict[int, int] = {}
        for number, group in enumerate(self.entry.groups):
            by_name = {r.atom for r in self.entry.records if r.group and r.group == group.name}
            chosen = selections.read(group.selection) if group.selection and not by_name else lambda record: False
            for atom, record in self.first.items():
                if atom in by_name or chosen(record):
                    if member.setdefault(self._row(atom), number) != number:
                        raise Refused("semantic", "tls-selection", f"TLS group {group.name}")
        used = sorted(set(member.values()))
        if not used:
            if (content or self.entry.content) == "residual":
                self.notes.append({"selector": {"target": "deposition"}, "body": {"content": "residual"}})
            return u, None
        rows = sorted(member)
        made = []
        for number in used:
            own = [row for row in rows if member[row] == number]
            made.append(tls.row(self.entry.groups[number], self.x_ref[own]))
            u[own] = tls.displacement(made[-1], self.x_ref[own])
        first = [None if r.u is None else np.array(r.u) for r in map(self.first.get, self.of_atom) if r is not None]
        compared = [row for row in rows if first[row] is not None]
        said = tls.shown(np.array([first[row] for row in compared]), tls.six_of(u[compared])) if compared else None
        content = content or said or self.entry.content
        if content is None:
            raise Refused("semantic", "b-factors-unstated", "B-factors beside TLS")
        self.tree["groupings/import.tls/v1"] = Group(
            {"kind": "heterogeneity_scope", "child_level": "atom", "labels": [str(n + 1) for n in used]},
            {"child": _i4(rows), "parent": _i4(used.index(member[row]) for row in rows)})  # fmt: skip
        self._gaussian("tls", "tls_v1", {"grouping": "import.tls/v1"}, {"tls": np.array(made)}, {})
        self.notes.append({"selector": {"target": "descriptor", "descriptor": "tls"}, "body": {"content": content}})
        return u, content


def _rest_of_b(record: Record, part: np.ndarray, condition: int) -> float:
    """B without the part of TLS."""
    rest = float(record.b - tls.PI8 / 3 * np.trace(part))  # type: ignore[operator]
    within([rest], 1e8, f"B-factor of {'/'.join(map(str, record.atom))} without TLS")
    return rest


id_ = id
"""The identity of a record, where a descriptor's id hides the name."""


def deposition(entry: Entry, options: dict[str, Any], registry: dict[str, str]) -> Tree:
    """The groups of the deposition of an entry. options: b_factors, alternates and weights, as in chapter 19."""
    return Importer(entry, options, registry).deposition()


def _i4(values: Iterable[int]) -> np.ndarray:
    return np.array(list(values), "i4")


def _columns(texts: dict[str, list[str | None]], **arrays: np.ndarray) -> Group:
    coded = {name: text_column(values) for name, values in texts.items()}
    payload = {"vocabularies": {name: vocabulary for name, (_, vocabulary) in coded.items()}}
    return Group(payload, arrays | {name: codes for name, (codes, _) in coded.items()})


def _parents(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:i]) for i in range(1, len(parts))]


def _refuse_duplicates(records: list[Record], letter: dict[int, str]) -> None:
    seen = set()
    for record in records:
        key = (record.atom, letter[id(record)])
        if key in seen:
            raise Refused("semantic", "duplicate-record", "/".join(map(str, record.atom)))
        seen.add(key)


def _residues(models: Iterable[list[Record]]) -> list[tuple[str, int, str, str]]:
    """Residues in their place: those that a later model adds stand behind the one before them there."""
    order: list[tuple[str, int, str, str]] = []
    for records in models:
        before = None
        for key in dict.fromkeys(record.atom[:4] for record in records):
            if key not in order:
                order.insert(order.index(before) + 1 if before else 0, key)
            before = key
    return order
