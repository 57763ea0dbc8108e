"""Containers, keys, compression and versions; values that are too many."""

from __future__ import annotations

import gzip
import random
import struct
import zlib

import msgpack
from making import bad, floats, good
from pieces import atoms, bare, pack
from pieces import field as binary
from whole import DRAFT, WHOLE

ATOM = pack(atoms(1))

# --- one map --------------------------------------------------------------------------------------------------------

for key, data, how in (
    ("nil", b"\xc0", "nil"),
    ("a-text", msgpack.packb("mmtfVersion"), "a text"),
    ("bytes", msgpack.packb(ATOM), "the file as a binary value"),
    ("a-number", b"\x1e", "the number 30"),
    ("pairs", msgpack.packb([list(pair) for pair in msgpack.unpackb(ATOM).items()]), "a list of pairs"),
):
    where = "container not-messagepack file"
    bad(f"{key}-is-no-file", f"{how} is no file", (1,), data, where, "one-atom", f"{how} is no map")
for key, value, how in (
    ("binary", b"title", "a binary value"), ("nil", None, "nil"), ("true", True, "true"), ("a-float", 1.5, "a float"),
):  # fmt: skip
    bad(
        f"a-key-that-is-{key}",
        f"a key of the file that is {how} is refused",
        (1,),
        bytes([0xDE, 0, len(atoms(1)) + 1]) + ATOM[3:] + msgpack.packb(value) + msgpack.packb("a title"),
        "container not-messagepack file",
        "one-atom",
        "keys of fields are text",
    )


def raw(name: str, value: bytes) -> bytes:
    """A file of one atom with one field more at its end, whose value is given in bytes."""
    return bytes([0xDE, 0, len(atoms(1)) + 1]) + ATOM[3:] + msgpack.packb(name) + value


FORMS = b"\xdd\0\0\0\x05\xcc\x80\xd1\xff\x00\xcf\0\0\0\1\0\0\0\0\xca\x3f\x00\x00\x00\xdf\0\0\0\1\xd9\1a\xc3"
good(
    "every-form-of-messagepack",
    "lists, maps and texts of every width and numbers of every size are read",
    (1, 39),
    raw("some", FORMS),
    "a list of 32 bits of 128, -256, 2^32, 0.5 and a map of 32 bits of a text of 8 bits to true",
    some=[128, -256, 4294967296, 0.5, {"a": True}],
)
for key, value, how in (
    ("a-text-to-its-end", b"\xa5titl", "a text of five bytes of which four are there"),
    ("a-text-of-8-bits", b"\xd9\x20abc", "a text of 32 bytes of which three are there"),
    ("bytes-to-their-end", b"\xc4\x04abc", "four bytes of which three are there"),
    ("bytes-of-32-bits", b"\xc6\xff\xff\xff\xffabc", "2^32 - 1 bytes of which three are there"),
    ("a-map-of-16-bits", b"\xde\xff\xff\xa1a\1", "65535 pairs of which one is there"),
    ("a-map-of-32-bits", b"\xdf\xff\xff\xff\xff\xa1a\1", "2^32 - 1 pairs of which one is there"),
    ("a-map-of-two", b"\x82\xa1a\1", "two pairs of which one is there"),
    ("a-list-of-two", b"\x92\1", "two elements of which one is there"),
    ("a-list-in-a-list", b"\x92\x91\1\x93\1\2", "a list of three of which two are there"),
    ("a-number-of-32-bits", b"\xce\0\0\1", "four bytes of a number of which three are there"),
    ("a-float-of-64-bits", b"\xcb\0\0\1", "eight bytes of a float of which three are there"),
    ("a-width", b"\xda\0", "the number of bytes of a text, of which one of two bytes is there"),
):
    bad(
        f"cut-in-{key}",
        f"a last field that holds {how} is refused",
        (2,),
        raw("some", value),
        "container truncated some",
        "every-form-of-messagepack",
        how,
    )
for key, value, how in (
    ("of-8-bits", b"\xc7\3\5abc", "of 8 bits of length"),
    ("of-16-bits", b"\xc8\0\3\5abc", "of 16 bits of length"),
    ("of-32-bits", b"\xc9\0\0\0\3\5abc", "of 32 bits of length"),
    ("of-2-bytes", b"\xd5\5ab", "of two bytes"),
    ("of-16-bytes", b"\xd8\5" + bytes(16), "of sixteen bytes"),
    ("in-a-map-in-a-list", b"\x91\x81\xa1a\xd4\5a", "in a map in a list"),
):
    bad(
        f"an-extension-{key}",
        f"an extension type {how} is refused",
        (46,),
        raw("some", value),
        "container not-messagepack some",
        "every-form-of-messagepack",
        "extensions are none of the types of MMTF",
    )
bad(
    "an-extension-for-a-file",
    "an extension type for a file is refused",
    (46,),
    b"\xc7\3\5abc",
    "container not-messagepack file",
    "one-atom",
    "extensions are none of the types of MMTF",
)
for key, value, how in (
    ("far-apart", b"\x83\xa1a\1\xa1b\2\xa1a\3", "first and last of three"),
    ("next", b"\x82\xa1a\1\xa1a\xc0", "next to each other"),
    ("in-a-list", b"\x92\x81\xa1a\1\x82\xa1a\1\xa1a\2", "in the second map of a list"),
    ("empty", b"\x82\xa0\1\xa0\2", "and are empty"),
):
    bad(
        f"one-key-twice-{key}",
        f"keys of an unknown map that are alike, {how}, are refused",
        (3,),
        raw("some", value),
        "container duplicate-field some",
        "every-form-of-messagepack",
        "one key twice",
    )
bad(
    "the-first-field-twice",
    "a first field that stands once more at the end is refused",
    (3,),
    raw(next(iter(atoms(1))), msgpack.packb("1.0.0")),
    f"container duplicate-field {next(iter(atoms(1)))}",
    "one-atom",
    "the same value in both places",
)
for key, value, how in (
    ("alone", b"\xa1\xff", "a byte FF"),
    ("of-a-surrogate", b"\xa3\xed\xa0\x80", "a surrogate, D800"),
    ("too-long", b"\xa2\xc1\x81", "A in two bytes"),
    ("cut", b"\xa2\xe6\x97", "two of the three bytes of a letter"),
    ("in-a-list", b"\x92\xa1a\xa1\x80", "a byte 80 in a list"),
    ("in-a-map", b"\x81\xa1a\x81\xa1b\xa2\xff\xfe", "bytes FF FE in a map in a map"),
    ("in-a-key", b"\x81\xa2\xc3\x28\1", "C3 28 in a key of a map"),
):
    bad(
        f"not-utf8-{key}",
        f"an unknown field with text that is not UTF-8 is refused: {how}",
        (4,),
        raw("some", value),
        "container not-utf8 some",
        "every-form-of-messagepack",
        f"{how}: no UTF-8",
    )
for key, name in (("c3", b"\xc3\x28"), ("ff", b"title\xff"), ("d800", b"\xed\xa0\x80")):
    bad(
        f"a-field-not-utf8-with-{key}",
        f"a name of a field that is not UTF-8, with {key.upper()}, is refused",
        (4,),
        bytes([0xDE, 0, len(atoms(1)) + 1]) + ATOM[3:] + bytes([0xA0 + len(name)]) + name + b"\1",
        "container not-utf8",
        "every-form-of-messagepack",
        f"the bytes {name.hex()}",
    )
for name, data, whole, twin in (
    ("chainIdList", binary(5, 3, 4, "B", list(b"A\0\0\0B\xff\0\0C\0\0\0")), WHOLE, "every-field-of-1-0"),
    ("chainNameList", binary(5, 3, 2, "B", list(b"\xc3\xa9\0\xc3\xa9\0")), WHOLE, "every-field-of-1-0"),
    ("chainNameList", b"A\0\0\0B\0\0\0\xed\xa0\x80\0", DRAFT, "every-field-of-the-draft"),
    ("chainIdList", b"\xc3\0\0\0B\0\0\0C\0\0\0", DRAFT, "every-field-of-the-draft"),
):
    bad(
        f"{'draft-' if whole is DRAFT else ''}{name.lower()}-not-utf8",
        f"{'in a draft ' if whole is DRAFT else ''}a {name} that is not UTF-8 is refused",
        (4,),
        pack(whole, **{name: data}),
        f"container not-utf8 {name}",
        twin,
        "one of three strings",
    )

# --- gzip -----------------------------------------------------------------------------------------------------------


def member(data: bytes, flags: int = 0, more: bytes = b"", level: int = 6) -> bytes:
    """A gzip member with a header of its own."""
    pressed = zlib.compressobj(level, zlib.DEFLATED, -15)
    body = pressed.compress(data) + pressed.flush()
    head = struct.pack("<BBBBIBB", 0x1F, 0x8B, 8, flags, 1_000_000_000, 2, 3)
    return head + more + body + struct.pack("<II", zlib.crc32(data), len(data))


TWO = pack(atoms(2), xCoordList=binary(9, 2, 10, "i", [15, 2]))
for key, data, how in (
    ("with-a-name", member(TWO, 8 | 16, b"a.mmtf\0by hand\0"), "with a name, a comment and a time"),
    ("with-an-extra-field", member(TWO, 4, struct.pack("<H", 5) + b"AB\1\0x"), "with an extra field"),
    ("stored", member(TWO, level=0), "whose data are stored"),
    ("in-four-members", member(TWO[:5]) + member(b"") + member(TWO[5:90]) + member(TWO[90:]), "in four members"),
    ("in-a-member-a-byte", b"".join(member(TWO[i : i + 1]) for i in range(len(TWO))), "in a member for each byte"),
):
    good(
        f"gzip-{key}",
        f"a gzip file {how} is read",
        (5, 47),
        data,
        "1.5 twice",
        xCoordList=floats([1.5, 1.5]),
    )
for key, data, code, how in (
    ("twice", gzip.compress(gzip.compress(TWO, mtime=0), mtime=0), "not-messagepack", "a gzip file in a gzip file"),
    ("twice-in-members", member(member(TWO)[:30]) + member(member(TWO)[30:]), "not-messagepack",
     "a gzip file in two members of a gzip file"),
    ("then-a-text", member(TWO[:90]) + member(TWO[90:]) + b"end", "not-messagepack", "a text after two gzip members"),
    ("then-zeros-and-one", member(TWO) + bytes(3) + b"\1", "not-messagepack", "zeros and a one after a gzip member"),
    ("second-member-damaged", member(TWO[:90]) + member(TWO[90:])[:-8] + bytes(8), "not-messagepack",
     "a second gzip member with another checksum"),
    ("second-member-cut", member(TWO[:90]) + member(TWO[90:])[:-9], "truncated", "a second gzip member that is cut"),
    ("second-member-begun", member(TWO) + b"\x1f\x8b\x08", "truncated", "a second gzip member of three bytes"),
    ("of-two-bytes", b"\x1f\x8b", "truncated", "two bytes of gzip"),
    ("of-another-method", b"\x1f\x8b\x07" + member(TWO)[3:], "not-messagepack", "gzip data of method 7"),
    ("with-a-damaged-block", member(TWO)[:10] + b"\x07" + member(TWO)[11:], "not-messagepack",
     "a block of an unknown type"),
):  # fmt: skip
    bad(
        f"gzip-{key}",
        f"{how} is refused",
        (1, 5) if "gzip file in" in how else (47,),
        data,
        f"container {code} file",
        "gzip-with-a-name",
        how,
    )

# --- more values than bytes -----------------------------------------------------------------------------------------

MILLION = 2**20
good(
    "values-at-the-limit",
    "a list of 2^20 values in eight bytes is read",
    (6,),
    pack(atoms(1), bondAtomList=binary(7, MILLION, 0, "i", [0, MILLION])),
    "2^19 bonds of the atom to itself; 2^20 values are permitted in any file",
    numAtoms=1,
)
PADDED = random.Random(16).randbytes(20_000) * 60
MORE = len(PADDED) - len(PADDED) % 2
for key, n in (("beyond-the-limit", MILLION + 2), ("far-beyond-the-limit", 2**24)):
    bad(
        f"values-{key}",
        f"a list of {n} values in eight bytes is refused",
        (6,),
        pack(atoms(1), bondAtomList=binary(7, n, 0, "i", [0, n])),
        "container too-large bondAtomList",
        "values-at-the-limit",
        "more than 2^20, and than the bytes of the file",
    )
for name, whole, twin in (
    ("occupancyList", WHOLE, "every-field-of-1-0"),
    ("occupancyList", DRAFT, "every-field-of-the-draft"),
):
    data = bare("i", [100, MILLION])
    bad(
        f"{'draft-' if whole is DRAFT else ''}{name.lower()}-of-2-20",
        f"{'in a draft ' if whole is DRAFT else ''}2^20 values of {name} are too many for the atoms, not for a file",
        (6, 26),
        pack(whole, **{name: data if whole is DRAFT else struct.pack(">iii", 9, MILLION, 100) + data}),
        f"schema wrong-length {name}",
        twin,
        "eight values are due",
    )
good(
    "values-above-the-limit",
    "a list of 2^20 + 2 values in a file of more bytes is read",
    (6,),
    gzip.compress(
        pack(
            atoms(1),
            extraProperties={"some": PADDED[:1_060_000]},
            bondAtomList=binary(8, MILLION + 2, 0, "i", [0, MILLION + 2]),
        ),
        mtime=0,
    ),
    "1 048 578 values in a file of 1 060 000 bytes and more after decompression",
    numAtoms=1,
)
good(
    "values-as-many-as-bytes",
    "a list of more than 2^20 values, of which the file has as many bytes, is read",
    (6,),
    gzip.compress(pack(atoms(1), some=PADDED, bondAtomList=binary(7, MORE, 0, "i", [0, MORE])), mtime=0),
    "1 200 000 values in a file of more bytes after decompression",
    numAtoms=1,
)
bad(
    "values-more-than-bytes",
    "a list of more than 2^20 values, of which a large file has not as many bytes, is refused",
    (6,),
    gzip.compress(pack(atoms(1), some=PADDED, bondAtomList=binary(7, MORE + 2000, 0, "i", [0, MORE + 2000])), mtime=0),
    "container too-large bondAtomList",
    "values-as-many-as-bytes",
    "1 202 000 values in a file of some 1 200 600 bytes",
)
for name, runs in (
    ("occupancyList", [100, 2**31 - 1]), ("altLocList", [65, 2**31 - 1, 66, 2**31 - 1, 67, 10]),
    ("atomIdList", [1, 2**30, 1, 2**30, 1, 2**30, 1, 2**30, 1, 8]), ("groupIdList", [1, MILLION + 1]),
    ("insCodeList", [65, MILLION, 66, 1]),
):  # fmt: skip
    bad(
        f"draft-{name.lower()}-too-large",
        f"in a draft runs of {name} of more than 2^20 values are refused",
        (6,),
        pack(DRAFT, **{name: bare("i", runs)}),
        f"container too-large {name}",
        "every-field-of-the-draft",
        "the sum of the counts, in whole numbers",
    )

# --- versions -------------------------------------------------------------------------------------------------------

for version in ("0.1.2.3", "1.", "1.x", "0.9", "1.10.2"):
    good(
        f"version-{version.replace('.', '-').rstrip('-') or 'none'}{'-full-stop' if version == '1.' else ''}",
        f"version {version} is read",
        (7,),
        pack(atoms(1), mmtfVersion=version),
        "0 or 1 stands before the first full stop",
        mmtfVersion=version,
        numAtoms=1,
    )
for key, version in (("empty", ""), ("full-stop", ".1"), ("minus", "-1.0"), ("letter", "v1.0"), ("comma", "1,0"),
                     ("two", "2"), ("eleven", "11"), ("line", "1\n.0"), ("digits-of-arabic", "\u0661.0")):  # fmt: skip
    bad(
        f"version-with-{key}",
        f"version {version!r} is refused",
        (7,),
        pack(atoms(1), mmtfVersion=version),
        "container unsupported-version mmtfVersion",
        "version-one",
        "neither 0 nor 1 stands before the first full stop",
    )
