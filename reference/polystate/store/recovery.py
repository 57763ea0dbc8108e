"""What a replacement that was cut off leaves behind, and how it is completed or removed."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path


def recovery_note(path: Path) -> Path:
    """Where a replacement that is under way says so."""
    return path.with_name(f".{path.name}.recovery")


def discard(leftover: Path) -> None:
    """Remove what stands under the name of a partial store: a folder, or the file that the store took the place of."""
    if leftover.is_dir():
        shutil.rmtree(leftover, ignore_errors=True)
    else:
        leftover.unlink(missing_ok=True)


def complete(path: Path) -> None:
    """Finish a replacement that was interrupted between its two renames."""
    note = recovery_note(path)
    try:
        plan = json.loads(note.read_text("utf-8"))
        old, new = path.with_name(plan["old"]), path.with_name(plan["new"])
        if not all(re.fullmatch(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}\.(old|new)", p.name) for p in (old, new)):
            return  # a note that this module did not write: nothing is moved or removed for it
    except (OSError, ValueError, KeyError, TypeError):
        return
    if new.exists():
        if path.exists():
            os.rename(path, old)
        os.rename(new, path)
    note.unlink(missing_ok=True)
    discard(old)
