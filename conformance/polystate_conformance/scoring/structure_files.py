"""What stands in a structure file, read by gemmi or, of MMTF, by MessagePack: nothing of ours is between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

Row = list[Any]


def rows(file: Path) -> list[Row]:
    """The atom records of a file in its order: model, chain, number, component, name, alternate, element; x, y, z,
    occupancy, B."""
    if file.suffix == ".mmtf":
        return _Mmtf(file).rows()
    return [
        [str(number), chain.name, str(residue.seqid), residue.name, atom.name, atom.altloc.strip("\0"),
         atom.element.name, *atom.pos.tolist(), atom.occ, atom.b_iso]
        for number, model in enumerate(_gemmi(file), 1) for chain in model for residue in chain for atom in residue
    ]  # fmt: skip


def anisotropic(file: Path) -> list[list[float] | None]:
    """The six numbers of U of each atom record, 11, 22, 33, 12, 13, 23; None where it has none."""
    atoms = [atom for model in _gemmi(file) for chain in model for residue in chain for atom in residue]
    return [list(atom.aniso.elements_pdb()) if atom.aniso.nonzero() else None for atom in atoms]


def bonds(file: Path) -> list[list[Row]]:
    """Bonds that a file states: of each the chain, number, component, name and alternate of its atoms."""
    if file.suffix == ".mmtf":
        return _Mmtf(file).bonds()
    partners = [(connection.partner1, connection.partner2) for connection in _gemmi(file).connections]
    return [
        [[end.chain_name, str(end.res_id.seqid), end.res_id.name, end.atom_name, end.altloc.strip("\0")] for end in two]
        for two in partners
    ]


def _gemmi(file: Path) -> Any:
    import gemmi

    return gemmi.read_structure(str(file))


class _Mmtf:
    """An MMTF file of 1.0 in the codecs that exporters use for atoms, groups, chains and bonds between groups."""

    def __init__(self, file: Path):
        import msgpack

        self.fields = msgpack.unpackb(file.read_bytes(), raw=False)

    def rows(self) -> list[Row]:
        of_atom, x = self._places(), [self._numbers(f"{axis}CoordList") for axis in "xyz"]
        occupancy, b = self._numbers("occupancyList", 1.0), self._numbers("bFactorList", 0.0)
        return [
            [*place, *(float(axis[i]) for axis in x), float(occupancy[i]), float(b[i])]
            for i, place in enumerate(of_atom)
        ]

    def bonds(self) -> list[list[Row]]:
        places = [[*place[1:6]] for place in self._places()]
        ends = self._numbers("bondAtomList") if "bondAtomList" in self.fields else []
        return [[places[a], places[b]] for a, b in np.reshape(np.asarray(ends, "i8"), (-1, 2))]

    def _places(self) -> list[list[str]]:
        """Model, chain, number, component, name, alternate and element of each atom."""
        found: list[list[str]] = []
        chain = group = 0
        names = self._texts("chainNameList" if "chainNameList" in self.fields else "chainIdList")
        numbers, types = self._numbers("groupIdList"), self._numbers("groupTypeList")
        inserted, alternates = self._numbers("insCodeList", 0), self._numbers("altLocList", 0)
        for model, chains in enumerate(self.fields["chainsPerModel"], 1):
            for _ in range(chains):
                for _ in range(self.fields["groupsPerChain"][chain]):
                    kind = self.fields["groupList"][types[group]]
                    seqid = f"{numbers[group]}{_letter(inserted[group])}"
                    for name, element in zip(kind["atomNameList"], kind["elementList"], strict=True):
                        letter = _letter(alternates[len(found)])
                        found.append([str(model), names[chain], seqid, kind["groupName"], name, letter, element])
                    group += 1
                chain += 1
        return found

    def _numbers(self, name: str, without: float | None = None) -> Any:
        if without is not None and name not in self.fields:
            return np.full(max(self.fields["numAtoms"], self.fields["numGroups"]), without)
        codec, _, parameter = np.frombuffer(self.fields[name][:12], ">i4")
        payload = self.fields[name][12:]
        if codec == 1:
            return np.frombuffer(payload, ">f4")
        width = {2: ">i1", 3: ">i2", 10: ">i2", 11: ">i2", 12: ">i2", 13: ">i1", 14: ">i2", 15: ">i1"}
        values = np.frombuffer(payload, width.get(int(codec), ">i4")).astype("i8")
        if codec in (10, 12, 13, 14, 15):
            ends = ~np.isin(values, (-128, 127) if codec in (13, 15) else (-32768, 32767))
            values = np.diff(np.concatenate([[0], np.cumsum(values)[ends]]))
        elif codec in (6, 7, 8, 9, 16):
            values = np.repeat(values[::2], values[1::2])
        if codec in (8, 10):
            values = np.cumsum(values)
        return values / parameter if codec in (9, 10, 11, 12, 13) else values

    def _texts(self, name: str) -> list[str]:
        width = int(np.frombuffer(self.fields[name][8:12], ">i4")[0])
        payload = self.fields[name][12:]
        return [payload[i : i + width].strip(b"\0").decode() for i in range(0, len(payload), width)]


def _letter(code: int) -> str:
    return "" if code in (0, 32) else chr(int(code))
