"""Title, entry, cell, assemblies, NCS and what entities are called, out of a structure of gemmi and back (20.6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import gemmi
import numpy as np
from pdb_lines import has_volume
from store import Group, Tree

SIZES = ("a", "b", "c", "alpha", "beta", "gamma")
Operator = list[list[float]]


@dataclass
class Assembly:
    """Operators (4, 4), and the pairs of an operator and a chain (label_asym) that it copies."""

    details: str = ""
    operators: list[Operator] = field(default_factory=list)
    pairs: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class Crystal:
    """What a file says beside its records. ncs: operators, and whether the copy is there already."""

    title: str = ""
    entry: dict[str, Any] = field(default_factory=dict)
    payload: dict[str, Any] = field(default_factory=dict)
    assemblies: dict[str, Assembly] = field(default_factory=dict)
    ncs: list[tuple[Operator, bool]] = field(default_factory=list)

    @classmethod
    def of(cls, structure: gemmi.Structure) -> Crystal:
        info, cell = dict(structure.info), structure.cell
        made = cls(title=" ".join(info.get("_struct.title", "").split()))
        if info.get("_entry.id"):
            methods = dict.fromkeys(word.strip() for word in info.get("_exptl.method", "").split(";"))
            said = {"method": "; ".join(filter(None, methods)), "resolution": structure.resolution}
            made.entry = {"id": info["_entry.id"], **{key: value for key, value in said.items() if value}}
        if cell.is_crystal():
            sizes = {name: getattr(cell, name) for name in SIZES}
            if has_volume(**sizes):
                made.payload["cell"] = sizes
            if structure.spacegroup_hm:
                made.payload["space_group"] = structure.spacegroup_hm
        made.ncs = [(_matrix(op.tr), bool(op.given)) for op in structure.ncs]
        there = {(chain.name, residue.subchain) for chain in structure[0] for residue in chain}
        for assembly in structure.assemblies:
            made.assemblies[assembly.name] = _assembly(assembly, there)
        return made

    def put(self, tree: Tree, chains: list[str]) -> None:
        """Into the groups of a deposition; chains: label_asym of the rows."""
        root = tree[""].payload
        root |= {key: value for key, value in (("title", self.title), ("entry", self.entry)) if value}
        tree["hierarchy"] = Group(self.payload)
        for name, assembly in self.assemblies.items():
            pairs = sorted((k, chains.index(chain)) for k, chain in set(assembly.pairs) if chain in chains)
            if pairs:
                columns = np.array(pairs, "i4")
                arrays = {"operators": np.array(assembly.operators, "f8")}
                arrays |= {"operator": columns[:, 0], "chain": columns[:, 1]}
                payload = {"details": assembly.details} if assembly.details else {}
                tree[f"hierarchy/assemblies/{name.lower()}"] = Group(payload, arrays)
        if self.ncs:
            operators = np.array([matrix for matrix, _ in self.ncs], "f8")
            tree["hierarchy/ncs"] = Group({"given": [given for _, given in self.ncs]}, {"operators": operators})


def of_fields(fields: dict[str, Any], labels: list[str]) -> Crystal:
    """What the map of an MMTF file says (16.8). labels: of its chains."""
    made = Crystal(" ".join(fields.get("title", "").split()))
    if fields.get("structureId"):
        said = {"method": "; ".join(dict.fromkeys(fields.get("experimentalMethods", ()))),
                "resolution": _decimal(fields.get("resolution", 0))}  # fmt: skip
        made.entry = {"id": fields["structureId"], **{key: value for key, value in said.items() if value}}
    sizes = [_decimal(value) for value in fields.get("unitCell", ())]
    if sizes and sizes[:3] != [1, 1, 1] and has_volume(*sizes):
        made.payload["cell"] = dict(zip(SIZES, sizes, strict=True))
        made.payload |= {"space_group": fields["spaceGroup"].strip()} if fields.get("spaceGroup") else {}
    for number, assembly in enumerate(fields.get("bioAssemblyList", ()), 1):
        found = made.assemblies[assembly.get("name") or str(number)] = Assembly()
        for transform in assembly["transformList"]:
            matrix = _square(transform["matrix"])
            if matrix not in found.operators:
                found.operators.append(matrix)
            found.pairs += [(found.operators.index(matrix), labels[chain]) for chain in transform["chainIndexList"]]
    made.ncs = [(_square(values), False) for values in fields.get("ncsOperatorList", ())]
    return made


def _square(values: list[float]) -> Operator:
    return [[value + 0.0 for value in values[i : i + 4]] for i in (0, 4, 8, 12)]


def _decimal(value: float) -> float:
    """The number that a file wrote in few digits, where it holds the nearest of 32 bits."""
    return float(str(np.float32(value)))


def as_fields(tree: Tree, labels: list[str], of_chain: list[str]) -> dict[str, Any]:
    """The same for an MMTF file. labels: of the rows of chains; of_chain: of the chains of the file."""
    root, payload = tree[""].payload, tree["hierarchy"].payload
    entry, cell = root.get("entry", {}), payload.get("cell")
    made = {"title": root.get("title"), "structureId": entry.get("id"), "resolution": entry.get("resolution"),
            "experimentalMethods": [word for word in entry.get("method", "").split("; ") if word],
            "unitCell": cell and [cell[name] for name in SIZES], "spaceGroup": payload.get("space_group")}  # fmt: skip
    made["bioAssemblyList"] = []
    for name in sorted(tree):
        if name.startswith("hierarchy/assemblies/"):
            arrays, transforms = tree[name].arrays, []
            for k, matrix in enumerate(arrays["operators"]):
                own = {labels[c] for o, c in zip(arrays["operator"], arrays["chain"], strict=True) if o == k}
                rows = [of_chain.index(label) for label in dict.fromkeys(of_chain) if label in own]
                transforms.append({"chainIndexList": rows, "matrix": matrix.ravel().tolist()})
            made["bioAssemblyList"].append({"name": name.rpartition("/")[2], "transformList": transforms})
    ncs = tree.get("hierarchy/ncs")
    made["ncsOperatorList"] = ncs and [matrix.ravel().tolist() for matrix in ncs.arrays["operators"]]
    return {name: value for name, value in made.items() if value}


NEEDED = {
    "_pdbx_struct_assembly.": ("details", "method_details", "oligomeric_details", "oligomeric_count"),
    "_pdbx_struct_oper_list.": ("type",),
}
"""Items that gemmi asks for before it reads a row."""


def complete(block: gemmi.cif.Block) -> None:
    """Give a block the items without which gemmi passes over assemblies, with no value."""
    for category, names in NEEDED.items():
        columns = {tag.lower(): values for tag, values in block.get_mmcif_category(category, True).items()}
        length = len(next(iter(columns.values()), ()))
        if length:
            block.set_mmcif_category(category, {**{name: ["?"] * length for name in names}, **columns}, True)


def _assembly(found: gemmi.Assembly, there: set[tuple[str, str]]) -> Assembly:
    made = Assembly(found.oligomeric_details)
    for generator in found.generators:
        chains = [*generator.subchains, *(label for auth, label in sorted(there) if auth in generator.chains)]
        for operator in generator.operators:
            matrix = _matrix(operator.transform)
            if matrix not in made.operators:
                made.operators.append(matrix)
            made.pairs += [(made.operators.index(matrix), chain) for chain in chains]
    return made


def _matrix(transform: gemmi.Transform) -> Operator:
    rows = [[*row, shift] for row, shift in zip(transform.mat.tolist(), transform.vec.tolist(), strict=True)]
    return [[x + 0.0 for x in row] for row in [*rows, [0.0, 0.0, 0.0, 1.0]]]


def _transform(matrix: np.ndarray) -> gemmi.Transform:
    made = gemmi.Transform()
    made.mat.fromlist(matrix[:3, :3].tolist())
    made.vec.fromlist(matrix[:3, 3].tolist())
    return made


def describe(structure: gemmi.Structure, tree: Tree, labels: list[str], auths: list[str] | None) -> None:
    """Put what groups of a deposition say into a structure. labels: of the rows of chains; auths: the names by which
    assemblies name them, None for labels."""
    root, payload = tree[""].payload, tree["hierarchy"].payload
    structure.info["_struct.title"] = root.get("title", "")
    if entry := root.get("entry"):
        structure.name = structure.info["_entry.id"] = entry["id"]
        structure.info["_exptl.method"] = entry.get("method", "")
        structure.resolution = entry.get("resolution", 0.0)
    if cell := payload.get("cell"):
        structure.cell = gemmi.UnitCell(*(cell[name] for name in SIZES))
    structure.spacegroup_hm = payload.get("space_group", "")
    for name in sorted(tree):
        if name.startswith("hierarchy/assemblies/"):
            _add_assembly(structure, name.rpartition("/")[2], tree[name], labels, auths)
    ncs = tree.get("hierarchy/ncs")
    for number, (matrix, given) in enumerate(
        zip(ncs.arrays["operators"], ncs.payload["given"], strict=True) if ncs else (), 1
    ):
        structure.ncs.append(gemmi.NcsOp(_transform(matrix), str(number), given))


def _add_assembly(structure: gemmi.Structure, name: str, group: Group, labels: list[str], auths) -> None:
    made = gemmi.Assembly(name)
    made.author_determined, made.oligomeric_details = True, group.payload.get("details", "")
    for k, matrix in enumerate(group.arrays["operators"]):
        rows = [int(c) for o, c in zip(group.arrays["operator"], group.arrays["chain"], strict=True) if o == k]
        generator, operator = gemmi.Assembly.Gen(), gemmi.Assembly.Operator()
        operator.name, operator.transform = str(len(structure.assemblies) * 100 + k + 1), _transform(matrix)
        generator.operators.append(operator)
        if auths is None:
            generator.subchains = [labels[row] for row in rows]
        else:
            generator.chains = list(dict.fromkeys(auths[row] for row in rows))
        made.generators.append(generator)
    structure.assemblies.append(made)
