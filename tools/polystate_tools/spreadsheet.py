"""Cells of a CSV that a spreadsheet would compute: written as the text that they are, by a mark in front."""

from __future__ import annotations

import re

MARK = "'"
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def as_text(cell: str) -> str:
    """A cell that begins with = + - @ or a tab and is no number with ' in front, others as they are."""
    return MARK + cell if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def as_written(cell: str) -> str:
    """The cell of which `as_text` made this one."""
    return cell[1:] if cell[:1] == MARK and as_text(cell[1:]) == cell else cell
