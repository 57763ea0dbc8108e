"""The boundary of a reader: whatever the library below it raises becomes an error that names the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from polystate.errors import PolystateError
from polystate_tools.formats.errors import UnreadableFile


@contextmanager
def naming(where: str, expected: str) -> Iterator[None]:
    """Turn what is no error of ours into `unreadable-file`; POLYSTATE_TRACEBACK shows where it comes from."""
    try:
        yield
    except PolystateError:
        raise
    except Exception as error:  # gemmi, h5py, msgpack and NumPy raise many kinds
        raise UnreadableFile(where, f"{type(error).__name__}: {str(error)[:300]}", expected) from error
