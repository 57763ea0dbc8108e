"""Names of what is half made, which say who makes it, so that what dead writers leave is told and removed."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

OLD_S = 7 * 86400  # of a writer on another machine: what has not changed for so long has no writer any more
LONGEST = 120  # bytes of a name that are kept in that of a leftover
_NAME = re.compile(r"\..+\.(?P<machine>[0-9a-f]{8})(?P<process>[0-9a-f]{8})[0-9a-f]{8}\.(partial|old|new|recovery)")


def sibling(path: Path, purpose: str) -> Path:
    """A hidden name beside `path` that nothing else has; it holds this machine and process."""
    name = os.fsencode(path.name)[:LONGEST].decode("utf-8", "ignore")
    return path.with_name(f".{name}.{_machine()}{os.getpid():08x}{os.urandom(4).hex()}.{purpose}")


def is_sibling(name: str) -> bool:
    """Whether a name is one that `sibling` gives."""
    return _NAME.fullmatch(name) is not None


def discard(leftover: Path) -> None:
    """Remove what stands under the name of a partial store: a folder, or the file that the store took the place of."""
    if leftover.is_dir():
        shutil.rmtree(leftover, ignore_errors=True)
    else:
        leftover.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove what dead writers left half made in a folder; what a recovery note names is still needed."""
    with suppress(OSError), os.scandir(folder) as entries:
        found = [entry.name for entry in entries if entry.name.startswith(".")]
        notes = [name for name in found if name.endswith(".recovery") and not is_sibling(name)]
        for name in found:
            if _is_dead(folder / name):
                told = name.split(".")[1:-2] if notes else []
                if not any(note.startswith("." + ".".join(told)) for note in notes):
                    discard(folder / name)


@functools.lru_cache(maxsize=4096)
def sweep_once(folder: Path) -> None:
    """The same, once a process and folder: for folders that get many files."""
    sweep(folder)


def _is_dead(path: Path) -> bool:
    match = _NAME.fullmatch(path.name)
    if match is None:
        return False
    if match["machine"] == _machine() and os.name == "posix":
        return not _lives(int(match["process"], 16))
    with suppress(OSError):
        return time.time() - path.lstat().st_mtime > OLD_S
    return False


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


@functools.cache
def _machine() -> str:
    """Eight digits for where process ids mean what they mean here: host, boot and namespace."""
    parts = [os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")]
    with suppress(OSError):
        parts += [Path("/proc/sys/kernel/random/boot_id").read_text(), os.readlink("/proc/self/ns/pid")]
    return hashlib.sha256("".join(parts).encode()).hexdigest()[:8]
