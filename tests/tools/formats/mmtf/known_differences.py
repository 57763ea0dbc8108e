"""In what the archive's own forms of one entry differ, and why: a difference not in this table fails a test.

`JSON` compares the json-decoded files with v1.0, `DRAFT` the draft-0.1 files with v1.0. The value None
allows the field for every entry, a set for the entries it names."""

from __future__ import annotations

JSON: dict[str, tuple[str, set[str] | None]] = {
    "mmtfVersion": ("all JSON files say 0.2.0", None),
    "mmtfProducer": ("made by another build of the encoder", None),
    "altLocList": ("no alternate location is 32 (space) in JSON, 0 in 1.0; equal as labels", None),
    "ncsOperatorList": ("not in the JSON files; empty in these entries", None),
    "groupList": ("JSON groups have no elementList; order differs where groupTypeList does", None),
    "groupTypeList": ("the dictionary is in another order; equal atom by atom", {"4CUP", "4OPJ"}),
    "bioAssemblyList": ("transforms and their chains in another order; equal as sets", {"173D", "4OPJ"}),
    "numBonds": ("JSON has bonds between groups for the first model only", {"1MSH", "1R9V"}),
    "bondAtomList": ("JSON has bonds between groups for the first model only", {"1MSH", "1R9V"}),
    "bondOrderList": ("JSON has bonds between groups for the first model only", {"1MSH", "1R9V"}),
}

NMR = {"1LPV", "1MSH", "1R9V"}
DRAFT: dict[str, tuple[str, set[str] | None]] = {
    "mmtfVersion": ("0.1", None),
    "mmtfProducer": ("made by another build of the encoder", None),
    "releaseDate": ("absent in 0.1 files", None),
    "rWork": ("absent in 0.1 files", None),
    "ncsOperatorList": ("not in the draft", None),
    "altLocList": ("no alternate location is 32 (space) in 0.1, 0 in 1.0; equal as labels", None),
    "bioAssemblyList": ("the draft does not name assemblies; transforms in another order", None),
    "bondAtomList": ("each pair the other way round; NMR entries: first model only", None),
    "bondOrderList": ("first model only", NMR),
    "numBonds": ("first model only", NMR),
    "secStructList": ("first model only, -1 in the others", NMR),
    "groupList": ("another order, other charges; groups of later models without bonds", None),
    "groupTypeList": ("the dictionary is in another order; names and elements equal atom by atom", None),
}
