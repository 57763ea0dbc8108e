"""A replacement that was cut off between its two renames, and how the next reader or writer completes it."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from polystate.store.leftovers import discard, is_sibling


def recovery_note(path: Path) -> Path:
    """Where a replacement that is under way says so."""
    return path.with_name(f".{path.name}.recovery")


def complete(path: Path) -> None:
    """Finish a replacement of the store at `path`, links followed, that was interrupted between its two renames.

    Several may do so at once; a rename that another did first fails and is not missed."""
    path = Path(os.path.realpath(path))
    note = recovery_note(path)
    try:
        plan = json.loads(note.read_text("utf-8"))
        old, new = path.with_name(plan["old"]), path.with_name(plan["new"])
        if not all(is_sibling(p.name) for p in (old, new)):
            return  # a note that this module did not write: nothing is moved or removed for it
    except (OSError, ValueError, KeyError, TypeError):
        return
    with suppress(OSError):
        if new.exists() and not (path.exists() and old.exists()):  # with both, somebody wrote a later one
            if path.exists():
                os.rename(path, old)
            os.rename(new, path)
    if path.exists():
        with suppress(OSError):
            note.unlink(missing_ok=True)
            discard(old)
            discard(new)
