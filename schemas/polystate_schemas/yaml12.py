"""Read YAML 1.2 text with the core schema: what a person types is what a program gets.

PyYAML reads YAML 1.1, where `no` is false and `1e-9` is text. Here the C parser of PyYAML only tokenises;
scalars are resolved by the tables of the YAML 1.2.2 core schema (chapter 10.3), and everything that would
let two readers see different documents is refused with line and column ([TXT-2]): duplicate keys, keys that are not
text, anchors and aliases, tags, directives other than `%YAML 1.2`, several documents, numbers beyond float64.
Any JSON text is read as JSON means it (escaped surrogate pairs are joined, a lone one is refused).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml

try:
    from yaml.cyaml import CParser
except ImportError:  # PyYAML built without libyaml: the same events, slower
    CParser = None

__all__ = ["Yaml12Error", "load"]


class Yaml12Error(ValueError):
    """Text that is not one plain YAML 1.2 document; `line` and `column` count from 1."""

    def __init__(self, problem: str, line: int, column: int, source: str = "<text>"):
        super().__init__(f"{source}:{line}:{column}: {problem}")
        self.problem, self.line, self.column, self.source = problem, line, column, source


DEEPEST = 200  # levels; the parser takes time by the square of the depth, and what reads the document may recurse
SHORT = 250  # digits of which every integer fits a 64-bit float
_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INF = re.compile(r"[-+]?\.(inf|Inf|INF)")
_NAN = {".nan", ".NaN", ".NAN"}
_SURROGATE = re.compile("[\ud800-\udfff]")
_HALF = re.compile(r"\\u[dD][89a-fA-F]")  # an escape of JSON that the C parser does not read


def _resolve(text: str) -> Any:
    """The value of a plain scalar by the core schema of YAML 1.2.2, section 10.3.2."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INT.fullmatch(text):
        if len(text) > SHORT:
            _in_range(float(text), text)
        return int(text)
    if _FLOAT.fullmatch(text):
        return _in_range(float(text), text)
    if _OCTAL.fullmatch(text) or _HEX.fullmatch(text):
        if len(text) > SHORT:
            raise OverflowError(f"{text:.40}... does not fit a 64-bit float")
        return int(text[2:], 8 if text[1] == "o" else 16)
    if _INF.fullmatch(text):
        return float("-inf") if text[0] == "-" else float("inf")
    return float("nan") if text in _NAN else text


def _in_range(value: float, text: str) -> float:
    if value in (float("inf"), float("-inf")):
        raise OverflowError(f"{text:.40} does not fit a 64-bit float")
    return value


def _text(text: str) -> str:
    """A quoted scalar, with the surrogate pairs of JSON escapes joined."""
    if _SURROGATE.search(text):
        try:
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            raise ValueError("half of a surrogate pair is not text") from None
    return text


class _Frame:
    """A list or mapping that is being filled."""

    __slots__ = ("key", "value", "waiting")

    def __init__(self, value: list | dict):
        self.value: Any = value
        self.key, self.waiting = "", True

    def add(self, item: Any, fail) -> None:
        """Put `item` into the list, or take it as the next key or value of the mapping."""
        if isinstance(self.value, list):
            self.value.append(item)
        elif self.waiting:
            if not isinstance(item, str):
                raise fail(f"a key is text, here it is {item!r}: put it in quotes")
            if item in self.value:
                raise fail(f"key {item!r} stands twice in one mapping")
            self.key, self.waiting = item, False
        else:
            self.value[self.key] = item
            self.waiting = True


def load(text_or_path: str | bytes | os.PathLike, source: str | None = None) -> Any:
    """The one document in a text (str, UTF-8 bytes) or in the file a `Path` names; an empty text is None."""
    if isinstance(text_or_path, os.PathLike):
        path = Path(text_or_path)
        source, text_or_path = source or str(path), path.read_bytes()
    source = source or "<text>"
    text = text_or_path if isinstance(text_or_path, str) else _decode(text_or_path, source)
    try:
        parser = yaml.Loader if CParser is None or _HALF.search(text) else CParser
        return _construct(parser(text), source)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        ends = text.count("\n") + 1
        if line > ends:  # the C parser ends the last line where the text does not
            line, column = ends, len(text) - text.rfind("\n")
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        if "maximum nesting depth" in problem:  # of the C parser, which looks ahead
            problem = f"more than {DEEPEST} levels"
        raise Yaml12Error(problem, line, column, source) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        column = len(before) - (before.rfind("\n") + 1) + 1
        raise Yaml12Error(error.reason, before.count("\n") + 1, column, source) from None


def _decode(content: bytes, source: str) -> str:
    """UTF-8 bytes as text."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise Yaml12Error("not UTF-8", line, column, source) from None


def _construct(parser, source: str) -> Any:
    """Build the document from parser events, without recursion."""
    root = _Frame([])
    stack = [root]
    documents = 0
    while True:
        event = parser.get_event()
        mark = event.start_mark

        def fail(problem: str, mark=mark) -> Yaml12Error:
            return Yaml12Error(problem, mark.line + 1, mark.column + 1, source)

        if isinstance(event, yaml.ScalarEvent):
            _refuse_decoration(event, fail)
            try:
                value = _resolve(event.value) if event.implicit[0] else _text(event.value)
            except (OverflowError, ValueError) as error:
                raise fail(str(error)) from None
            stack[-1].add(value, fail)
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            _refuse_decoration(event, fail)
            child = _Frame([] if isinstance(event, yaml.SequenceStartEvent) else {})
            if isinstance(stack[-1].value, dict) and stack[-1].waiting:
                raise fail("a key is text, here it is a collection")
            stack[-1].add(child.value, fail)
            stack.append(child)
            if len(stack) > DEEPEST + 1:
                raise fail(f"more than {DEEPEST} levels")  # TXT-18
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            stack.pop()
        elif isinstance(event, yaml.AliasEvent):
            raise fail(f"aliases are not read: *{event.anchor}")
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise fail("a second document begins here; a text holds one")
            if event.tags:
                raise fail("%TAG directives are not read")
            if event.version not in (None, (1, 2)):
                raise fail(f"this is YAML {event.version[0]}.{event.version[1]}; only 1.2 is read")
        elif isinstance(event, yaml.StreamEndEvent):
            return root.value[0] if root.value else None


def _refuse_decoration(event, fail) -> None:
    """Refuse anchors and tags on a node."""
    if event.anchor is not None:
        raise fail(f"anchors are not read: &{event.anchor}")
    if event.tag is not None:
        raise fail(f"tags are not read: {event.tag}")
