"""Selections of TLS groups: ranges, sets of BUSTER, expressions of phenix (20.6)."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable

from entry import Record, Refused
from gemmi import Element

Chosen = Callable[[Record], bool]
RANGE = re.compile(r"\s*(\S*?)\s*(-?\d+)([A-Za-z]?)\s+-\s+(\S*?)\s*(-?\d+)([A-Za-z]?)\s*")
TERM = re.compile(r"(\S+?)\|(?:(\*)|(-?\d+)([A-Za-z]?)(?:\s*-\s*(?:\S+?\|)?(-?\d+)([A-Za-z]?))?)")
NUMBERS = re.compile(r"(-?\d+)([A-Za-z]?)(?:[:-](-?\d+)([A-Za-z]?))?")
WATER = ("HOH", "WAT", "DOD", "H2O")


def read(text: str) -> Chosen:
    """Whether a selection names a record."""
    parts = [RANGE.fullmatch(part) for part in text.split(";") if part.strip()]
    if parts and all(parts):
        return _any([_within(m[1], m[2], m[3], m[5], m[6]) for m in parts if m and m[1] == m[4]])
    if "|" in text:
        body = text.strip("{} ")
        if TERM.sub("", body).strip(" ,"):
            raise _refused(text)
        return _any(
            [
                _chain(m[1]) if m[2] else _within(m[1], m[3], m[4], m[5] or m[3], m[6] if m[5] else m[4])
                for m in TERM.finditer(body)
            ]
        )
    return _Expression(text).read()


def _refused(text: str) -> Refused:
    return Refused("semantic", "tls-selection", text)


def _any(parts: list[Chosen]) -> Chosen:
    return lambda record: any(part(record) for part in parts)


def _chain(name: str) -> Chosen:
    return lambda record: name == "*" or record.chain == name


def _within(chain: str | None, first: str, first_ins: str, last: str, last_ins: str) -> Chosen:
    low, high = int(first), int(last)

    def chosen(record: Record) -> bool:
        if chain not in (None, "*", record.chain) or not low <= record.number <= high:
            return False
        before = record.number == low and first_ins and record.ins < first_ins
        after = record.number == high and last_ins and record.ins > last_ins
        return not before and not after

    return chosen


class _Expression:
    def __init__(self, text: str):
        self.text = text
        self.words = re.findall(r"'[^']*'|\"[^\"]*\"|[()]|[^\s()]+", text)

    def read(self) -> Chosen:
        made = self._or()
        if self.words:
            raise _refused(self.text)
        return made

    def _next(self) -> str:
        if not self.words:
            raise _refused(self.text)
        return self.words.pop(0)

    def _joined(self, words: tuple[str, str], part: Callable[[], Chosen], join: Callable) -> Chosen:
        parts = [part()]
        while self.words and self.words[0].lower() in words:
            self._next()
            parts.append(part())
        return lambda record: join(chosen(record) for chosen in parts)

    def _or(self) -> Chosen:
        return self._joined(("or", "|"), self._and, any)

    def _and(self) -> Chosen:
        return self._joined(("and", "&"), self._not, all)

    def _not(self) -> Chosen:
        if self.words and self.words[0].lower() in ("not", "!"):
            self._next()
            inner = self._not()
            return lambda record: not inner(record)
        return self._term()

    def _term(self) -> Chosen:
        word = self._next().lower()
        if word == "(":
            made = self._or()
            if self._next() != ")":
                raise _refused(self.text)
            return made
        if word in ("all", "*"):
            return lambda record: True
        if word == "water":
            return lambda record: record.comp in WATER
        if word in ("resid", "resseq", "resi"):
            return self._numbers()
        of: dict[str, Callable[[Record], str]] = {
            "chain": lambda r: r.chain,
            "resname": lambda r: r.comp,
            "name": lambda r: r.name,
            "altloc": lambda r: r.alt,
            "element": lambda r: "D" if r.element == 119 else Element(r.element).name,
        }
        if word not in of:
            raise _refused(self.text)
        pattern = self._next().strip("'\" ")
        if word in ("resname", "element"):
            return lambda record: fnmatch.fnmatchcase(of[word](record).upper(), pattern.upper())
        return lambda record: fnmatch.fnmatchcase(of[word](record), pattern)

    def _numbers(self) -> Chosen:
        found = NUMBERS.fullmatch(self._next())
        if found is None:
            raise _refused(self.text)
        first, ins, last, last_ins = found.groups()
        if last is None and self.words and self.words[0].lower() in ("through", "to", ":", "-"):
            self._next()
            end = NUMBERS.fullmatch(self._next())
            if end is None or end[3]:
                raise _refused(self.text)
            last, last_ins = end[1], end[2]
        if last is None:
            return lambda record: record.number == int(first) and ins in ("", record.ins)
        return _within(None, first, ins, last, last_ins)
