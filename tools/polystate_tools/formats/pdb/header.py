"""What a PDB file says beside its atoms: cell, sequence, links, assemblies, TLS; label numbering by gemmi."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import gemmi
import numpy as np

from polystate_tools.formats.errors import UnreadableFile
from polystate_tools.formats.pdb.conect import with_conect
from polystate_tools.formats.pdb.damage import damaged, with_wide_shifts
from polystate_tools.formats.pdb.entities import Header, entities_of_structure, set_up_entities
from polystate_tools.formats.pdb.lines import WIDTH, Kinds, Lines
from polystate_tools.formats.pdb.tls import tls_of_remarks
from polystate_tools.formats.records.gemmi_metadata import described, links_of_connections
from polystate_tools.formats.records.links import bonds_of_links
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.records.text import Text

READ_RECORDS = {
    "ATOM",
    "HETATM",
    "ANISOU",
    "TER",
    "MODEL",
    "ENDMDL",
    "END",
    "HEADER",
    "TITLE",
    "COMPND",
    "HETNAM",
    "EXPDTA",
    "SEQRES",
    "CRYST1",
    "MTRIX1",
    "MTRIX2",
    "MTRIX3",
    "LINK",
    "SSBOND",
    "CONECT",
}
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def with_header(records: Records, lines: Lines, atom_lines: np.ndarray, end: int, where: str) -> Records:
    """The records with everything that the other lines before line `end` say."""
    first_of_residue = _first_of_residue(records)
    kinds = lines.by_kind(np.flatnonzero(~(lines.of(b"ATOM") | lines.of(b"HETA"))[:end]))
    bad, notes = damaged(kinds)
    skeleton = _skeleton(lines, kinds, bad, records, atom_lines, first_of_residue)
    try:
        structure = gemmi.read_pdb_string(skeleton)
    except (RuntimeError, ValueError) as error:
        raise UnreadableFile(where, error, "a PDB file that gemmi reads") from error
    with_wide_shifts(structure, kinds)
    set_up_entities(structure)
    stated = {entity.name for entity in structure.entities if entity.full_sequence}
    if not stated:
        _sequence_from_model(structure)  # by which residues are numbered; it is no word of the file's
    structure.assign_label_seq_id()
    texts = {kind: [decoded(line) for line in kinds.get(kind.encode(), {}).values()] for kind in TEXTS}
    labelled = _labelled(records, structure, first_of_residue, Header(texts["COMPND"], texts["HETNAM"], stated))
    records = replace(described(labelled, structure), title=_title(texts["TITLE "]))
    links = bonds_of_links(records, links_of_connections(records, structure))
    records = replace(records, bonds=with_conect(records, links, lines, atom_lines, end))
    records.notes.extend(notes + _left_out(kinds))
    after = int((lines.lengths[end + 1 :] > 0).sum())
    if after:
        records.notes.append({"what": "lines after END", "count": after, "because": "a PDB file ends there"})
    return replace(records, tls=tls_of_remarks(texts["REMARK   3"]))


def _left_out(kinds: Kinds) -> list[dict]:
    """Record types that a deposition has no place for, by how many lines they have."""
    counts: Counter[str] = Counter()
    for kind, found in kinds.items():
        name = kind[:6].decode("latin-1").strip()
        if name and name not in READ_RECORDS:
            counts[name] += len(found)
    if not counts:
        return []
    named = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    return [{"what": "records", "count": sum(counts.values()), "because": f"not part of a deposition: {named}"}]


def _first_of_residue(records: Records) -> np.ndarray:
    """Rows where a new residue begins (any of model, chain, number, insertion code, type changes)."""
    changed = np.zeros(len(records), bool)
    changed[0] = True
    for column in (records.model, records.auth_asym.codes, records.auth_seq, records.ins.codes, records.comp.codes):
        changed[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(changed)


SKIPPED = (b"ANISOU", b"SIGATM", b"SIGUIJ", b"CONECT", b"HELIX", b"SHEET", b"MODEL", b"ENDMDL", b"END")
REMARKS = (b"REMARK   2", b"REMARK   3", b"REMARK 350")
"""Those that gemmi takes something from: resolution and assemblies."""
TEXTS = ("TITLE ", "COMPND", "HETNAM", "REMARK   3")
"""Records whose text is read here."""


def _skeleton(
    lines: Lines, kinds: Kinds, bad: set[int], records: Records, atom_lines: np.ndarray, first_of_residue: np.ndarray
) -> str:
    """The file with one atom a residue, which gemmi reads as fast as a header, without the lines `bad`.

    Models are marked as the records have them, which gemmi refuses to make out where MODEL records are damaged. Of
    models of the same residues the first is enough.
    """
    text: dict[int, bytes] = {}
    for kind, found in kinds.items():
        if not kind.startswith(SKIPPED) and (kind in REMARKS or not kind.startswith(b"REMARK")):
            text |= found
    for k in bad:
        text.pop(k, None)
    kept_residues = _first_of_a_kind(records, first_of_residue)
    for k in [k for kind, found in kinds.items() if kind.startswith(b"TER") for k in found]:
        before = int(np.searchsorted(atom_lines, k)) - 1  # of the models that are left out no chain ends
        if before >= 0 and not kept_residues[int(np.searchsorted(first_of_residue, before, "right")) - 1]:
            text.pop(k, None)
    telling = first_of_residue[kept_residues]
    starts = dict(zip(atom_lines[telling].tolist(), records.model[telling].tolist(), strict=True))
    text |= zip(starts, lines.some(atom_lines[telling]), strict=True)
    several = len(set(starts.values())) > 1
    kept: list[bytes] = []
    model = None
    for k in sorted(text):
        if several and starts.get(k, model) != model:
            kept += ([b"ENDMDL"] if model is not None else []) + [b"MODEL %8d" % starts[k]]
            model = starts[k]
        kept.append(text[k].ljust(WIDTH))
    return b"\n".join(kept).translate(ASCII).decode("ascii")


def _first_of_a_kind(records: Records, first_of_residue: np.ndarray) -> np.ndarray:
    """(R,) bool: residues of models that are not, residue by residue, those of an earlier one."""
    model = records.model[first_of_residue]
    texts = (records.auth_asym, records.ins, records.comp, records.name)
    numbers = (records.auth_seq, records.het)
    columns = [column.codes[first_of_residue] for column in texts] + [column[first_of_residue] for column in numbers]
    rows = np.stack(columns, axis=1, dtype=np.int64)
    edges = np.flatnonzero(np.concatenate([[True], model[1:] != model[:-1], [True]]))
    seen: set[bytes] = set()
    kept = np.zeros(len(model), bool)
    for start, stop in zip(edges, edges[1:], strict=False):
        kind = rows[start:stop].tobytes()
        kept[start:stop] = kind not in seen
        seen.add(kind)
    return kept


ASCII = bytes(k if k < 128 else ord("?") for k in range(256))
"""What gemmi is given of each byte; texts that may be foreign are not taken from it."""


def decoded(line: bytes) -> str:
    """A header line, UTF-8 if it is that, else Latin-1."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _title(lines: list[str]) -> str:
    return " ".join(" ".join(line[10:80].strip() for line in lines).split())


def _sequence_from_model(structure: gemmi.Structure) -> None:
    """Without SEQRES the observed residues of a polymer are its sequence."""
    for chain in structure[0]:
        polymer = chain.get_polymer()
        entity = structure.get_entity_of(polymer) if len(polymer) else None
        if entity is not None and not entity.full_sequence:
            entity.full_sequence = list(polymer.extract_sequence())


def _labelled(records: Records, structure, first_of_residue, header: Header) -> Records:
    """label_asym, entity and label_seq by residue, with subchains renamed to short ids."""
    of_residue: dict[tuple, tuple[str, int]] = {}
    order: dict[str, tuple[str, bool]] = {}
    for model in structure:
        for chain in model:
            for residue in chain:
                label_seq = -1 if residue.label_seq is None else residue.label_seq
                key = (chain.name, residue.seqid.num, residue.seqid.icode.strip(), residue.name)
                of_residue.setdefault(key, (residue.subchain, label_seq))
                order.setdefault(residue.subchain, (chain.name, residue.entity_type == gemmi.EntityType.Polymer))
    _number_mutants(of_residue, order)
    asym = _short_ids(order)
    first_of_residue = first_of_residue[: len(first_of_residue) // records.repeats]
    chains, comps = records.auth_asym.take(first_of_residue), records.comp.take(first_of_residue)
    keys = zip(
        chains.tolist(),
        records.auth_seq[first_of_residue].tolist(),
        records.ins.take(first_of_residue).tolist(),
        comps.tolist(),
        strict=True,
    )
    found = [of_residue.get(key, ("", -1)) for key in keys]
    counts = np.diff(np.append(first_of_residue, len(records) // records.repeats))
    entities, entity_of = entities_of_structure(structure, header, order)
    subchain = Text.of([name for name, _ in found])
    subchain = Text(np.repeat(subchain.codes, counts), subchain.values).repeated(records.repeats)
    label_seq = np.tile(np.repeat(np.array([seq for _, seq in found], np.int32), counts), records.repeats)
    return replace(
        records,
        label_asym=subchain.replaced(asym),
        entity=subchain.replaced(entity_of),
        label_seq=label_seq,
        entities=entities,
    )


def _number_mutants(of_residue: dict[tuple, tuple[str, int]], order: dict[str, tuple[str, bool]]) -> None:
    """A residue of a polymer that no sequence has takes the number of another type at its place, of another model."""
    at_place: dict[tuple, int] = {}
    for (chain, number, ins, _), (subchain, label_seq) in of_residue.items():
        if label_seq >= 0:
            at_place.setdefault((chain, number, ins, subchain), label_seq)
    for key, (subchain, label_seq) in of_residue.items():
        if label_seq < 0 and order[subchain][1]:
            of_residue[key] = (subchain, at_place.get((*key[:3], subchain), -1))


def _short_ids(order: dict[str, tuple[str, bool]]) -> dict[str, str]:
    """Polymers keep the chain's own id where it is free, the rest get A, B, ..., AA, ... in order."""
    made: dict[str, str] = {}
    used: set[str] = set()
    for subchain, (chain, polymer) in order.items():
        if polymer and chain and chain not in used:
            made[subchain] = chain
            used.add(chain)
    number = 0
    for subchain in order:
        while subchain not in made:
            name, rest = "", number
            while rest >= 0:
                name, rest = ALPHABET[rest % 26] + name, rest // 26 - 1
            number += 1
            if name not in used:
                made[subchain] = name
    return made
