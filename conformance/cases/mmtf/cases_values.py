"""`nil` where a value is due, and bytes in what applications keep."""

from __future__ import annotations

from making import bad, good
from pieces import atoms, of_atoms, pack, structure

good(
    "nil-of-no-specification",
    "a field of no specification that is nil is handed over as null",
    (39,),
    pack(atoms(1), somethingNew=None),
    "it stands in the file",
    somethingNew=None,
)
good(
    "a-title",
    "a title is handed over as text",
    (51,),
    pack(atoms(1), title="crambin"),
    "the text that was put in",
    title="crambin",
)
bad(
    "a-title-that-is-nil",
    "a title that is nil is refused",
    (51,),
    pack(atoms(1), title=None),
    "schema wrong-type title",
    "a-title",
    "nil is no text",
)
good(
    "a-resolution",
    "a resolution is handed over as the number that it is",
    (51,),
    pack(atoms(1), resolution=2.5),
    "2.5 is a float32",
    resolution=2.5,
)
bad(
    "a-resolution-that-is-nil",
    "a resolution that is nil is refused",
    (51,),
    pack(atoms(1), resolution=None),
    "schema wrong-type resolution",
    "a-resolution",
    "nil is no number",
)
bad(
    "bond-orders-that-are-nil",
    "bond orders of a group that are nil are refused",
    (51,),
    pack(structure([of_atoms(1) | {"bondOrderList": None}], [0], [1], [1])),
    "schema wrong-type groupList",
    "a-title",
    "nil is no list",
)
good(
    "bytes-of-an-application",
    "bytes in a map of an application are handed over as they are",
    (52,),
    pack(atoms(1), extraProperties={"key": b"\x01\x02\xff", "n": 3}),
    "the bytes that were put in",
    extraProperties={"key": [1, 2, 255], "n": 3},
)
WITH_HEADER = bytes.fromhex("00000004000000020000000000000005fffffffa")
good(
    "a-list-of-an-application-with-a-header",
    "bytes in a map of an application that begin with a header are handed over as they are",
    (52,),
    pack(atoms(1), atomProperties={"charge": WITH_HEADER}),
    "the twenty bytes that were put in",
    atomProperties={"charge": list(WITH_HEADER)},
)
