"""Whether HDF5 comes to an end in a file, and within how much memory: tried in a child process, as neither a loop nor
an allocation inside the library can be stopped from outside.

A damaged file can hold a heap or a tree that leads back into itself, and text whose length is any number. The child
visits every object, attribute and index of chunks, but no values. Text of an attribute that it cannot read within its
memory is refused; what else it cannot read is for the reader to say. A file that was walked, and has not changed
since, is not walked again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from polystate.artifacts.location import mark, remember
from polystate.store import memory

LIMIT_S, BYTES_A_SECOND = 10.0, 10 << 20
OBJECTS = 200_000
TEXT = 3  # exit status of the child
_CHILD = f"""
import sys, h5py
try:
    import resource
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[2]),) * 2)
except (ImportError, OSError, ValueError):  # systems that do not say or bound it
    pass
left = {OBJECTS}
def visit(node):
    global left
    left -= 1
    if left < 0:
        sys.exit(0)
    for name in list(node.attrs):
        is_text = False
        try:
            is_text = node.attrs.get_id(name).dtype.kind == "O"
            node.attrs[name]
        except (OSError, MemoryError):
            if is_text:
                sys.exit({TEXT})
        except Exception:
            pass
    if isinstance(node, h5py.Dataset):
        if node.chunks:
            node.id.get_num_chunks()
        return
    for name in list(node):
        try:
            if isinstance(node.get(name, getlink=True), h5py.HardLink):
                child = node[name]
                if h5py.h5o.get_info(child.id).addr not in seen:
                    seen.add(h5py.h5o.get_info(child.id).addr)
                    visit(child)
        except Exception:
            pass
seen = set()
sys.setrecursionlimit(5000)
try:
    with h5py.File(sys.argv[1], "r") as file:
        visit(file)
except Exception:
    pass
"""


def unending(path: str | Path) -> str | None:
    """What HDF5 does in a file that it should not: no end within a time by the file's size, a crash, more memory than
    the file can be worth; else None."""
    known, settled = mark(Path(path), "", "walked")
    if settled and known.exists():
        return None
    limit = LIMIT_S + os.path.getsize(path) / BYTES_A_SECOND
    memory_limit = memory.array_limit(os.path.getsize(path))
    command = [sys.executable, "-P", "-c", _CHILD, str(path), str(memory_limit)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=limit, stdin=subprocess.DEVNULL, check=False)
    except subprocess.TimeoutExpired:
        return f"a file in which HDF5 comes to no end within {limit:.0f} s"
    except OSError:
        return None  # no child can be started here
    if done.returncode == TEXT:
        return f"an attribute whose text cannot be read within {memory_limit} bytes"
    if done.returncode < 0:
        return f"a file in which HDF5 crashes (signal {-done.returncode})"
    if settled:
        remember(known)
    return None
