"""What reaches a terminal: text, and no control characters of a file that could move the cursor or set its title."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TextIO

from polystate.errors import without_login

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """Text with control and direction characters, and halves of surrogate pairs, as \\u001b and the like; URLs without
    user and password.

    Line feeds and tabs stay; in JSON the escapes mean what they stand for."""
    return without_login(_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


class Printable:
    """A text stream that passes on what is clean; `raw` is the stream below, for output that is no text of a file."""

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        self.raw.write(clean(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


def raw(stream: Any) -> Any:
    """The stream below a `Printable`, or the stream itself."""
    return stream.raw if isinstance(stream, Printable) else stream


def console(stream: Any, **options: Any) -> Any:
    """A rich console: its own colours pass, control characters within the text do not."""
    from rich.console import Console
    from rich.segment import Segment

    class Plain(Console):
        def _render_buffer(self, buffer: Iterable[Segment]) -> str:
            cleaned = (s if s.control else Segment(clean(s.text), s.style) for s in buffer)
            return super()._render_buffer(cleaned)

    return Plain(file=raw(stream), **options)
