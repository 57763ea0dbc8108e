"""Atom selections of refinement programs: REFMAC residue ranges, phenix expressions, BUSTER sets."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from polystate.structure.hierarchy import ELEMENTS
from polystate_tools.formats.errors import TlsSelection
from polystate_tools.formats.records.records import Records

_RANGE = re.compile(r"\s*(?:(\S+)\s+)?(-?\d+)(\w?)\s+-\s+(?:(\S+)\s+)?(-?\d+)(\w?)\s*")
_SET_TERM = re.compile(r"(\S+?)\|(\*|-?\d+\w?)(?:\s*-\s*(?:(\S+?)\|)?(-?\d+\w?))?")
_TOKEN = re.compile(r"\s*('[^']*'|\"[^\"]*\"|[()]|[^\s()]+)")
_SEQ_RANGE = re.compile(r"(-?\d+)(\w?)(?:[:-](-?\d+)(\w?))?")
WATERS = ("HOH", "WAT", "DOD", "H2O")


def selected(records: Records, text: str, where: str = "selection") -> np.ndarray:
    """(N,) bool: the records that a selection names. Chains and numbers are the author's.

    Residue ranges "A 3 - A 63; A 70 - A 80"; BUSTER sets "{A|1 - 30 B|*}"; phenix expressions
    "chain A and (resid 1 through 50 or resname ATP)". A range without chains is one of the chain of no name.
    What cannot be read is refused, never guessed.
    """
    if not text.strip():
        raise TlsSelection(where, "an empty selection", "residue ranges, an expression or a set")  # EXP-55
    parts = [part for part in text.split(";") if part.strip()]
    matches = [_RANGE.fullmatch(part) for part in parts]
    if all(matches):
        mask = np.zeros(len(records), bool)
        for match in matches:
            assert match is not None
            chain, n1, i1, other, n2, i2 = match.groups("")
            if chain != other:
                raise TlsSelection(where, f"a range from chain {chain} to chain {other}", "a range in one chain")
            mask |= records.auth_asym.equals(chain) & _between(records, int(n1), i1, int(n2), i2)
        return mask
    if "|" in text:
        return _of_set(records, text, where)
    return _Expression(records, text, where).mask()


def _between(records: Records, low: int, low_ins: str, high: int, high_ins: str) -> np.ndarray:
    """Residues from low to high in author numbering; an insertion code bounds only where it is given."""
    seq = records.auth_seq
    mask = (seq >= low) & (seq <= high)
    if low_ins:
        mask &= (seq > low) | records.ins.isin([v for v in records.ins.values if v >= low_ins])
    if high_ins:
        mask &= (seq < high) | records.ins.isin([v for v in records.ins.values if v <= high_ins])
    return mask


def _of_set(records: Records, text: str, where: str) -> np.ndarray:
    mask = np.zeros(len(records), bool)
    body = text.replace("{", " ").replace("}", " ").replace(";", " ").strip()
    end = 0
    for match in _SET_TERM.finditer(body):
        if body[end : match.start()].strip(" ,"):
            break
        end = match.end()
        chain, first, other, last = match.groups()
        if other not in (None, chain):
            raise TlsSelection(where, f"a range from chain {chain} to chain {other}", "a range in one chain")
        term = np.ones(len(records), bool) if chain == "*" else records.auth_asym.equals(chain)
        if first != "*":
            low = re.fullmatch(r"(-?\d+)(\w?)", first)
            high = re.fullmatch(r"(-?\d+)(\w?)", last or first)
            assert low and high
            term = term & _between(records, int(low[1]), low[2], int(high[1]), high[2])
        mask |= term
    if body[end:].strip(" ,"):
        raise TlsSelection(where, body[end:].strip(), "terms such as A|1 - 30 or A|*")
    return mask


@dataclass
class _Expression:
    """A recursive-descent reading of a phenix selection; `not` binds before `and`, `and` before `or`."""

    records: Records
    text: str
    where: str

    def mask(self) -> np.ndarray:
        self.tokens = [token for token in _TOKEN.findall(self.text)]
        self.at = 0
        result = self._or()
        if self.at < len(self.tokens):
            self._refuse(self.tokens[self.at])
        return result

    def _refuse(self, found: str) -> None:
        raise TlsSelection(
            self.where,
            f"{found!r} in {self.text!r}",
            "chain, resid, resseq, resname, name, element, altloc, water, all, and, or, not, parentheses",
        )

    def _peek(self) -> str:
        return self.tokens[self.at].lower() if self.at < len(self.tokens) else ""

    def _next(self) -> str:
        if self.at >= len(self.tokens):
            self._refuse("the end")
        self.at += 1
        return (
            self.tokens[self.at - 1].strip("'\"") if self.tokens[self.at - 1][0] in "'\"" else self.tokens[self.at - 1]
        )

    def _word(self) -> str:
        """The next token as a name: ' CA ' is padded to the columns of a PDB file, and means CA."""
        return self._next().strip()

    def _or(self) -> np.ndarray:
        mask = self._and()
        while self._peek() in ("or", "|"):
            self._next()
            mask = mask | self._and()
        return mask

    def _and(self) -> np.ndarray:
        mask = self._not()
        while self._peek() in ("and", "&"):
            self._next()
            mask = mask & self._not()
        return mask

    def _not(self) -> np.ndarray:
        if self._peek() in ("not", "!"):
            self._next()
            return ~self._not()
        return self._term()

    def _term(self) -> np.ndarray:
        word = self._next().lower()
        records = self.records
        if word == "(":
            mask = self._or()
            if self._next() != ")":
                self._refuse("an open parenthesis")
            return mask
        if word in ("all", "*"):
            return np.ones(len(records), bool)
        if word == "chain":
            return _matching(records.auth_asym, self._word())
        if word == "resname":
            return _matching(records.comp, self._word().upper())
        if word == "name":
            return _matching(records.name, self._word())
        if word in ("altloc", "altid"):
            return _matching(records.altloc, self._word())
        if word == "element":
            symbol = self._word().upper()
            return np.array([s.upper() == symbol for s in ELEMENTS])[records.element]
        if word in ("water", "solvent"):
            return records.comp.isin(WATERS)
        if word in ("hetero", "hetatm"):
            return records.het
        if word in ("resid", "resi", "resseq"):
            return self._residues()
        self._refuse(word)
        raise AssertionError

    def _residues(self) -> np.ndarray:
        first = self._next()
        match = _SEQ_RANGE.fullmatch(first)
        if match is None:
            open_ended = re.fullmatch(r"(-?\d+):|:(-?\d+)", first)
            if open_ended is None:
                self._refuse(first)
            assert open_ended is not None
            seq = self.records.auth_seq
            return seq >= int(open_ended[1]) if open_ended[1] else seq <= int(open_ended[2])
        low, low_ins, high, high_ins = match.groups()
        if high is None and self._peek() in ("through", "to", ":", "-"):
            self._next()
            last = re.fullmatch(r"(-?\d+)(\w?)", self._next())
            if last is None:
                self._refuse(self.tokens[self.at - 1])
            assert last is not None
            high, high_ins = last.groups()
        if high is None:
            exact = self.records.auth_seq == int(low)
            return exact & self.records.ins.equals(low_ins) if low_ins else exact
        return _between(self.records, int(low), low_ins, int(high), high_ins)


def _matching(column, pattern: str) -> np.ndarray:
    """Rows whose text is the pattern; * and ? are wildcards."""
    if "*" in pattern or "?" in pattern:
        return column.isin([value for value in column.values if fnmatch.fnmatchcase(value, pattern)])
    return column.equals(pattern)


def ranges_of(text: str) -> list[tuple[str, ...]]:
    """Residue ranges as (chain, number, insertion code, chain, number, insertion code); [] of anything else."""
    matches = [_RANGE.fullmatch(part) for part in text.split(";") if part.strip()]
    return [match.groups("") for match in matches if match] if all(matches) else []


def with_chains_renamed(text: str, table: dict[str, str], chains: Iterable[str]) -> str:
    """A selection with the chains of `table` under their new names.

    chains: all old names; a pattern such as A* becomes the new names of those that it matches.
    """
    ranges = ranges_of(text)
    if ranges:
        named = ((table.get(a, a), n, i, table.get(b, b), m, j) for a, n, i, b, m, j in ranges)
        return "; ".join(f"{a} {n}{i} - {b} {m}{j}" for a, n, i, b, m, j in named)
    if "|" in text:
        return re.sub(r"([^\s{},;|]+)\|", lambda match: table.get(match[1], match[1]) + "|", text)
    tokens = _TOKEN.findall(text)
    made: list[str] = []
    for before, token in zip(["", *tokens], tokens, strict=False):
        name = token.strip("'\"").strip()
        if before.lower() != "chain" or not ("*" in name or "?" in name):
            made.append(table.get(name, token) if before.lower() == "chain" else token)
            continue
        found = [table.get(chain, chain) or "''" for chain in chains if fnmatch.fnmatchcase(chain, name)]
        if found:
            made[-1:] = ["(" + " or ".join(f"chain {chain}" for chain in found) + ")"]
        else:
            made.append(token)
    return " ".join(made).replace("( ", "(").replace(" )", ")")
