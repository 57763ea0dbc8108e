"""MMTF, the macromolecular transmission format: both dialects, decoded into arrays and encoded from them."""

from polystate_tools.formats.mmtf.decoder import decode, read
from polystate_tools.formats.mmtf.encoder import encode, losses, write
from polystate_tools.formats.mmtf.errors import MmtfError
from polystate_tools.formats.mmtf.jsonform import dumps, loads, to_json
from polystate_tools.formats.mmtf.structure import Structure, differences, equal

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
