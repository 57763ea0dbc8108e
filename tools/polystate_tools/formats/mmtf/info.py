"""What `polystate mmtf info` says of a file: dialect, counts, and the codec and bytes of each field."""

from __future__ import annotations

from typing import Any

from polystate_tools.formats.mmtf.fields import COUNT_FIELDS, FLOAT_FIELDS, TEXT_FIELDS
from polystate_tools.formats.mmtf.structure import Structure

CODEC_NAMES = {
    None: "no header (draft)",
    1: "float32",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "fixed-length text",
    6: "run-length characters",
    7: "run-length int32",
    8: "delta, run-length int32",
    9: "integer, run-length float32",
    10: "integer, delta, 16-bit recursive index float32",
    11: "integer, 16-bit float32",
    12: "integer, 16-bit recursive index float32",
    13: "integer, 8-bit recursive index float32",
    14: "16-bit recursive index int32",
    15: "8-bit recursive index int32",
    16: "run-length int8",
}


def describe(structure: Structure, size: int) -> dict[str, Any]:
    """A summary of a decoded file of `size` bytes, as JSON values."""
    return {
        "dialect": structure.dialect,
        "version": structure["mmtfVersion"],
        "producer": structure["mmtfProducer"],
        "bytes": size,
        "counts": {name: structure[name] for name in COUNT_FIELDS},
        "text": {n: structure[n] for n in (*TEXT_FIELDS, *FLOAT_FIELDS) if n in structure},
        "fields": {
            name: {
                "codec": encoding.codec,
                "encoding": CODEC_NAMES[encoding.codec],
                "parameter": encoding.parameter,
                "values": encoding.length,
                "bytes": encoding.size,
            }
            for name, encoding in structure.encodings.items()
        },
        "other_fields": sorted(n for n in structure if n not in structure.encodings),
        "warnings": structure.warnings,
    }
