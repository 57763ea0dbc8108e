"""MMTF, the macromolecular transmission format: both dialects, decoded into arrays and encoded from them."""

from .decoder import decode, read
from .encoder import encode, losses, write
from .errors import MmtfError
from .jsonform import dumps, loads, to_json
from .structure import Structure, differences, equal

__all__ = [
    "MmtfError",
    "Structure",
    "decode",
    "differences",
    "dumps",
    "encode",
    "equal",
    "loads",
    "losses",
    "read",
    "to_json",
    "write",
]
