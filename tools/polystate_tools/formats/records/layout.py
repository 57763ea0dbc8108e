"""Which records are one atom, which atoms one residue, which residues one chain and one position."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from polystate_tools.formats.records.records import Records


@dataclass
class Layout:
    """Rows in order of first appearance in the file.

    atom_of_record: (n,) row of the atom; first_record: (N,) first record of each atom; residue_of_atom: (N,);
    first_of_residue: (R,) first record of each residue; chain_of_residue: (R,); first_of_chain: (C,) a record;
    position: (R,) row of the first residue at the same position (itself, but for microheterogeneity).
    """

    records: Records
    atom_of_record: np.ndarray
    first_record: np.ndarray
    residue_of_atom: np.ndarray
    first_of_residue: np.ndarray
    chain_of_residue: np.ndarray
    first_of_chain: np.ndarray
    position: np.ndarray

    @property
    def n_atoms(self) -> int:
        return len(self.first_record)

    @property
    def each_once(self) -> bool:
        """Whether all models have the same atoms, each once."""
        records, times = self.records, self.records.repeats
        one = times > 1 or bool((records.model == records.model[0]).all())
        return one and len(records) == self.n_atoms * times

    @cached_property
    def position_of_record(self) -> np.ndarray:
        """(n,) row of the first residue at each record's position."""
        return self.position[self.residue_of_atom[self.atom_of_record]]

    @cached_property
    def steps(self) -> tuple[np.ndarray, np.ndarray]:
        """(n,) the model of each record from 0, models in file order, and (S,) the first record of each."""
        times = self.records.repeats
        if times == 1:
            return first_appearance(self.records.model)
        length = len(self.records) // times
        return np.repeat(np.arange(times, dtype=np.int32), length), length * np.arange(times)

    @cached_property
    def duplicate(self) -> np.ndarray:
        """(n,) bool: records whose (atom, altloc, model) an earlier record has."""
        times = self.records.repeats
        once = len(self.records) // times
        return np.tile(_duplicates(self.records, self.atom_of_record[:once]), times)

    @cached_property
    def residue_sizes(self) -> np.ndarray:
        """(S, R) how many atoms each residue has in each model."""
        step, first = self.steps
        model, atom = np.divmod(np.unique(step.astype(np.int64) * self.n_atoms + self.atom_of_record), self.n_atoms)
        shape = len(first), len(self.first_of_residue)
        place = model * shape[1] + self.residue_of_atom[atom]
        return np.bincount(place, minlength=shape[0] * shape[1]).reshape(shape)

    def residue_name(self, residue: int) -> str:
        return self.records.residue_name(int(self.first_of_residue[residue]))


def layout(records: Records) -> Layout:
    """The layout of records; every record belongs to exactly one atom.

    A residue number that comes again later with the same atoms (numbers that wrap around) is another residue.
    """
    if records.repeats > 1:
        return _of_every_model(records, layout(records.of_first_model))
    columns = (
        records.label_asym.codes,
        records.auth_asym.codes,
        records.comp.codes,
        records.label_seq,
        records.auth_seq,
        records.ins.codes,
    )
    changed = np.zeros(len(records), bool)
    changed[0] = True
    for column in (*columns, records.model):
        changed[1:] |= column[1:] != column[:-1]
    first_of_run = np.flatnonzero(changed)
    keys = list(zip(*(column[first_of_run].tolist() for column in columns), strict=True))
    made = _arranged(records, keys, first_of_run)
    if made.duplicate.any():
        made = _arranged(records, _numbered(records, keys, first_of_run), first_of_run)
    return made


def _of_every_model(records: Records, one: Layout) -> Layout:
    """The layout of models that repeat the first one, from that of the first."""
    return replace(one, records=records, atom_of_record=np.tile(one.atom_of_record, records.repeats))


def _numbered(records: Records, keys: list[tuple], first_of_run: np.ndarray) -> list[tuple]:
    """Keys of runs with how often, in its model, the residue began again with atoms it already had."""
    seen: dict[tuple, set] = {}
    again: dict[tuple, int] = {}
    made = []
    names, altlocs = records.name.codes.tolist(), records.altloc.codes.tolist()
    ends = [*first_of_run[1:].tolist(), len(records)]
    for key, start, end in zip(keys, first_of_run.tolist(), ends, strict=True):
        place = (*key, int(records.model[start]))
        atoms = set(zip(names[start:end], altlocs[start:end], strict=True))
        if atoms & seen.setdefault(place, set()):
            again[place] = again.get(place, 0) + 1
            seen[place] = set()
        seen[place] |= atoms
        made.append((*key, again.get(place, 0)))
    return made


def _arranged(records: Records, keys: list[tuple], first_of_run: np.ndarray) -> Layout:
    """The layout where runs of one key are one residue."""
    rows: dict[tuple, int] = {}
    residue_of_run = np.array([rows.setdefault(key, len(rows)) for key in keys], np.int32)
    lengths = np.diff(np.append(first_of_run, len(records)))
    residue = np.repeat(residue_of_run, lengths)
    first_of_residue = np.empty(len(rows), np.int64)
    first_of_residue[residue_of_run[::-1]] = first_of_run[::-1]

    chains: dict[tuple[int, int], int] = {}
    chain_of_residue = np.array([chains.setdefault(key[:2], len(chains)) for key in rows], np.int32)
    first_of_chain = np.empty(len(chains), np.int64)
    first_of_chain[chain_of_residue[::-1]] = first_of_residue[::-1]

    atom_of_record, first_record = first_appearance(
        residue.astype(np.int64) * max(1, len(records.name.values)) + records.name.codes
    )
    position = _positions(records, first_of_residue, residue)
    return Layout(
        records,
        atom_of_record,
        first_record,
        residue[first_record],
        first_of_residue,
        chain_of_residue,
        first_of_chain,
        position,
    )


def _duplicates(records: Records, atom_of_record: np.ndarray) -> np.ndarray:
    """(k,) bool, of the first k records: those whose (atom, altloc, model) an earlier record has."""
    k = len(atom_of_record)
    if k == atom_of_record.max() + 1:
        return np.zeros(k, bool)
    model, models = first_appearance(records.model[:k])
    key = atom_of_record.astype(np.int64) * len(records.altloc.values) + records.altloc.codes[:k]
    key = key * len(models) + model
    if are_distinct(key):
        return np.zeros(k, bool)
    _, first = first_appearance(key)
    again = np.ones(k, bool)
    again[first] = False
    return again


def are_distinct(key: np.ndarray) -> bool:
    """Whether no number comes twice."""
    ordered = np.sort(key)
    return bool((ordered[1:] != ordered[:-1]).all())


def first_appearance(key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number keys by first appearance: (n,) int32 number of each row, and (N,) first row of each number."""
    encoded = pa.array(key).dictionary_encode()
    number = encoded.indices.to_numpy()
    first = np.empty(len(encoded.dictionary), np.int64)
    first[number[::-1]] = np.arange(len(number) - 1, -1, -1)
    return number, first


def _positions(records: Records, first: np.ndarray, residue_of_record: np.ndarray) -> np.ndarray:
    """Residues of several types at one number of one chain are one position if altlocs tell them apart.

    They share a label number, or, outside polymers, an author number while no altloc occurs in both.
    """
    position = np.arange(len(first), dtype=np.int32)
    key = list(
        zip(
            records.auth_asym.codes[first].tolist(),
            records.auth_seq[first].tolist(),
            records.ins.codes[first].tolist(),
            strict=True,
        )
    )
    if len(set(key)) == len(key):
        return position
    groups: dict[tuple, list[int]] = {}
    for row, k in enumerate(key):
        groups.setdefault(k, []).append(row)
    shared = {k: rows for k, rows in groups.items() if len(rows) > 1}
    wanted = np.zeros(len(first), bool)
    wanted[[row for rows in shared.values() for row in rows]] = True
    letters: dict[int, set[int]] = {}
    here = np.flatnonzero(wanted[residue_of_record])
    for residue, code in set(zip(residue_of_record[here].tolist(), records.altloc.codes[here].tolist(), strict=True)):
        letters.setdefault(residue, set()).add(code)
    blank = {code for code, value in enumerate(records.altloc.values) if value == ""}
    for rows in shared.values():
        for n, row in enumerate(rows[1:], 1):
            for other in rows[:n]:
                apart = not (letters[row] & letters[other] - blank)
                lettered = letters[row] - blank and letters[other] - blank
                a, b = first[row], first[other]
                same_label = records.label_seq[a] >= 0 and records.label_seq[a] == records.label_seq[b]
                if records.comp.codes[a] != records.comp.codes[b] and lettered and (same_label or apart):
                    position[row] = position[other]
                    break
    return position
