"""Every real file through every format, compared by other programs.

`python -m tests.tools.formats.round_trip [NAME ...]`

A file is imported and exported as PDB, mmCIF and MMTF. gemmi reads PDB and mmCIF, mmtf-python reads MMTF, both what was
read and what was written; atoms are compared one by one, bonds pair by pair. What differs must be in the losses of
the import or of the export. Prints a line a file and format, and exits 1 where something is lost without a word."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import gemmi
import mmtf
import numpy as np

from polystate.deposition import Deposition
from polystate.errors import PolystateError
from polystate_tools.corpus.entry import data_folder
from polystate_tools.formats import export_file, import_file
from polystate_tools.formats.opening.files import read_input

FOLDERS = ("altloc", "nmr", "tls", "echt", "mmtf/v1.0")
OPTIONS = {"tls/3hsy.pdb": {"b_factors": "residual"}, "altloc/5g27.cif": {"tls": "keep"}}
SUFFIXES = {"pdb": ".pdb", "mmcif": ".cif", "mmtf": ".mmtf"}
SAYS = {
    "atoms": ("records", "duplicate", "refused"),
    "charges": ("charge",),
    "bonds": ("bond", "link", "LINK", "SSBOND", "CONECT"),
    "types": ("types of components",),
    "sequences": ("sequence", "letters"),
    "segments": ("segment",),
    "entities": ("entity", "entities"),
}
"""What may differ, and words of the losses that say so."""


def atoms_of_gemmi(structure: gemmi.Structure) -> Iterator[tuple]:
    for number, model in enumerate(structure, 1):
        for chain in model:
            for residue in chain:
                place = (number, chain.name, residue.seqid.num, residue.seqid.icode.strip(), residue.name)
                for atom in residue:
                    letter = "" if atom.altloc == "\0" else atom.altloc
                    element = atom.element.atomic_number
                    yield (
                        (
                            *place,
                            atom.name,
                            letter,
                            element,
                            *(round(x, 3) for x in atom.pos.tolist()),
                            round(atom.occ, 2),
                        ),
                        atom.charge,
                    )


def bonds_of_gemmi(structure: gemmi.Structure) -> set[tuple]:
    """Links inside the unit, by chain, number, type, atom and altloc of their ends."""
    found = set()
    kinds = (gemmi.ConnectionType.Covale, gemmi.ConnectionType.Disulf, gemmi.ConnectionType.MetalC)
    for link in structure.connections:
        if link.type in kinds and link.asu != gemmi.Asu.Different:
            ends = [
                (p.chain_name, str(p.res_id.seqid), p.res_id.name, p.atom_name, "" if p.altloc == "\0" else p.altloc)
                for p in (link.partner1, link.partner2)
            ]
            found.add(tuple(sorted(ends)))
    return found | conect_of_gemmi(structure)


def conect_of_gemmi(structure: gemmi.Structure) -> set[tuple]:
    """The pairs of CONECT records between residues, by the serial numbers of the first model."""
    names = {}
    for chain in structure[0]:
        for residue in chain:
            for atom in residue:
                letter = "" if atom.altloc == "\0" else atom.altloc
                names[atom.serial] = (chain.name, str(residue.seqid), residue.name, atom.name, letter)
    pairs = ((names.get(a), names.get(b)) for a, others in structure.conect_map.items() for b in others)
    return {tuple(sorted((a, b))) for a, b in pairs if a and b and a[:3] != b[:3]}


def of_gemmi(path: Path) -> dict:
    file = read_input(path)
    if file.format == "pdb":
        structure = gemmi.read_pdb_string(file.content.decode("latin-1"))
    else:
        structure = gemmi.make_structure_from_block(gemmi.cif.read_string(file.content.decode()).sole_block())
    atoms = list(atoms_of_gemmi(structure))
    return {
        "atoms": Counter(atom for atom, _ in atoms),
        "charges": Counter((atom[:7], charge) for atom, charge in atoms if charge),
        "bonds": bonds_of_gemmi(structure),
    }


def entry(values, row: int):
    """One entry of a field that a file may lack."""
    return values[row] if values is not None and len(values) else ""


def of_mmtf(path: Path) -> dict:
    """Fields of mmtf-python; atoms as above, bonds by row of atom, types of components and sequences."""
    data = mmtf.parse_gzip(str(path)) if path.read_bytes()[:2] == b"\x1f\x8b" else mmtf.parse(str(path))
    atoms, charges, bonds, types = [], [], Counter(), set()
    row = chain = group = 0
    for model in range(data.num_models):
        for _ in range(data.chains_per_model[model]):
            for _ in range(data.groups_per_chain[chain]):
                kind = data.group_list[data.group_type_list[group]]
                types.add((kind["groupName"], kind["chemCompType"], kind["singleLetterCode"]))
                ins = entry(data.ins_code_list, group).strip("\0 ")
                name = entry(data.chain_name_list, chain) or data.chain_id_list[chain]
                place = (model + 1, name, int(data.group_id_list[group]), ins, kind["groupName"])
                ends = np.array(kind["bondAtomList"]).reshape(-1, 2) + row
                orders = kind.get("bondOrderList") or [-1] * len(ends)
                bonds.update((*sorted(pair), max(0, o)) for pair, o in zip(ends.tolist(), orders, strict=True))
                for k, name in enumerate(kind["atomNameList"]):
                    xyz = (round(float(getattr(data, f"{axis}_coord_list")[row]), 3) for axis in "xyz")
                    letter = entry(data.alt_loc_list, row).strip("\0 ")
                    atom = (
                        *place,
                        name,
                        letter,
                        kind["elementList"][k].upper(),
                        *xyz,
                        round(float(entry(data.occupancy_list, row) or 1.0), 2),
                    )
                    atoms.append(atom)
                    charges.append((atom[:7], kind["formalChargeList"][k]))
                    row += 1
                group += 1
            chain += 1
    pairs = np.array([] if data.bond_atom_list is None else data.bond_atom_list, int).reshape(-1, 2)
    orders = [0] * len(pairs) if data.bond_order_list is None else list(data.bond_order_list)
    bonds.update((*sorted(pair), max(0, int(o))) for pair, o in zip(pairs.tolist(), orders, strict=True))
    names = [atom[:7] for atom in atoms]
    return {
        "atoms": Counter(atoms),
        "charges": Counter(c for c in charges if c[1]),
        "bonds": Counter((*sorted((names[a], names[b])), o) for (a, b, o), n in bonds.items() for _ in range(n)),
        "types": types,
        "sequences": Counter((e["type"], e["sequence"]) for e in data.entity_list),
    }


def differences(one: dict, other: dict) -> dict[str, int]:
    made = {}
    for key in one.keys() & other.keys():
        a, b = one[key], other[key]
        count = sum(((a - b) + (b - a)).values()) if isinstance(a, Counter) else len(a ^ b)
        if count:
            made[key] = count
    return made


def through(path: Path, name: str, folder: Path) -> Iterator[tuple[str, str, dict[str, int], dict[str, int]]]:
    """Format, its own or another, what differs and what of it no loss says."""
    source = read_input(path).format
    tree, report = import_file(path, **OPTIONS.get(name, {}))
    dep = Deposition(tree)
    read = of_mmtf(path) if source == "mmtf" else of_gemmi(path) if source != "bcif" else None
    for format, suffix in SUFFIXES.items():
        target = folder / f"out{suffix}"
        try:
            account = export_file(dep, target, gaussian="records", overwrite=True)
        except PolystateError as error:  # what a target cannot hold is refused by name
            yield format, f"refused: {error}"[:90], {}, {}
            continue
        written = of_mmtf(target) if format == "mmtf" else of_gemmi(target)
        if read is not None and (format == "mmtf") == (source == "mmtf"):
            differ = differences(read, written)
        else:  # read by two programs that name things differently: counted
            missing = abs(report.kept - sum(written["atoms"].values()))
            differ = {"atoms": missing} if missing else {}
        words = " ".join(f"{loss['what']} {loss['because']}" for loss in [*report.losses, *account.losses])
        words += " ".join(entry["because"] for entry in report.refusals)
        silent = {key: count for key, count in differ.items() if not any(word in words for word in SAYS[key])}
        yield format, "differs" if differ else "same", differ, silent


def main(arguments: list[str]) -> int:
    data = data_folder()
    if data is None:
        print("no real input files")
        return 2
    names = arguments or sorted(
        str(path.relative_to(data))
        for folder in FOLDERS
        for path in (data / folder).iterdir()
        if path.name.removesuffix(".gz").rpartition(".")[2] in ("pdb", "cif", "bcif", "mmtf")
    )
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            try:
                for format, found, differ, silent in through(data / name, name, Path(folder)):
                    failed += bool(silent)
                    word = f"WITHOUT A WORD: {silent}" if silent else ""
                    print(f"{name:40} {format:6} {found} {differ or ''} {word}", flush=True)
            except PolystateError as error:
                print(f"{name:40} refused: {error}"[:160], flush=True)
            except Exception as error:
                failed += 1
                print(f"{name:40} failed: {type(error).__name__}: {error}"[:160], flush=True)
    print(f"{len(names)} files, {failed} with a difference that no loss says")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
