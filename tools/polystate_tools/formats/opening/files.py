"""The bytes of an input file, and what format they are in."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

from polystate.store import given, memory
from polystate.store.inflate import gunzip
from polystate_tools.formats.errors import UnknownFormat, UnreadableFile
from polystate_tools.formats.known import of_content, of_suffix


@dataclass(frozen=True)
class InputFile:
    """content: uncompressed bytes; sha256: of the file as it lies there, hex; format: pdb | mmcif | bcif | ..."""

    name: str
    content: bytes
    sha256: str
    format: str


STREAM = "-"


def read_input(path: str | Path, format: str | None = None) -> InputFile:
    """Read a file, or standard input for "-"; unpack gzip (told by its first bytes), and tell its format."""
    path = Path(path)
    try:
        stored = given.stream(sys.stdin.buffer) if str(path) == STREAM else given.content(path)
    except (OSError, ValueError, MemoryError) as error:
        raise UnreadableFile(str(path), getattr(error, "strerror", None) or error, "a file that can be read") from error
    path = Path("standard input") if str(path) == STREAM else path
    content = unpacked(stored, str(path))
    return InputFile(path.name, content, hashlib.sha256(stored).hexdigest(), format or told_format(path, content))


def unpacked(stored: bytes, where: str) -> bytes:
    """The content of a gzip file, or the bytes themselves."""
    if stored[:2] != b"\x1f\x8b":
        return stored
    limit = memory.inflated_limit(len(stored))
    try:
        content = gunzip(stored, limit)
        memory.require(len(content))
    except (ValueError, MemoryError) as error:
        raise UnreadableFile(where, error, f"a complete gzip file of {limit} bytes or {memory.RAISED}") from error
    return content


def told_format(path: Path, content: bytes) -> str:
    """The format by suffix, else by content."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    told = (of_suffix(suffixes[-1]) if suffixes else None) or of_content(content[:4096])
    if told is not None:
        return told.name
    raise UnknownFormat(str(path), f"suffix {path.suffix!r}", "pdb, cif, bcif, each plain or .gz, or --format")


def text_of(content: bytes, where: str) -> bytes:
    """The same bytes when they are text; refuses what holds NUL bytes or nothing."""
    if not content or content.isspace():
        raise UnreadableFile(where, "an empty file", "a structure file")
    if b"\x00" in content:
        raise UnreadableFile(where, f"a NUL byte at {content.index(0)}", "a text file")
    return content
