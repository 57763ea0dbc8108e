"""The hierarchy: assembly > entity > chain > residue > atom, as integer columns and vocabularies."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np

from polystate.errors import AtomNotFound, DanglingRow, MissingArray, MissingLayer, UnknownAtom
from polystate.store.tree import Tree

LEVELS = ("deposition", "entity", "chain", "residue", "atom")
TABLES = {"entity": "entities", "chain": "chains", "residue": "residues", "atom": "atoms"}
PARENT = {"chain": "entity", "residue": "chain", "atom": "residue"}
ELEMENTS = (
    "X H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr "
    "Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W "
    "Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds "
    "Rg Cn Nh Fl Mc Lv Ts Og D"
).split()  # index = atomic number; 0 = unknown, 119 = deuterium
DEUTERIUM = ELEMENTS.index("D")
HYDROGENS = (ELEMENTS.index("H"), DEUTERIUM)
_ADDRESS = re.compile(r"(?P<chain>[^/]+)/(?P<seq>-?\d+)(?P<ins>[^/]*)(?:/(?P<name>[^/]+))?")


class Hierarchy:
    """Read access to the hierarchy of a tree; rows are 0-based, atoms are named outside by atom_id."""

    def __init__(self, tree: Tree, judge: Callable[[str, str], None] | None = None) -> None:
        """judge: called with table and name before a column is first used; raises what is wrong with it."""
        if "hierarchy/atoms" not in tree:
            raise MissingLayer("hierarchy/atoms", "nothing", "the table of atoms")  # STO-13
        self._tree = tree
        self._judge = judge or (lambda table, name: None)

    def column(self, table: str, name: str) -> np.ndarray:
        """An integer column of a table ("atoms", "residues", ...), (rows,)."""
        path = f"hierarchy/{table}"
        if path not in self._tree or name not in self._tree[path].arrays:
            raise MissingArray(f"{path}/{name}", "nothing", "a column")  # STO-15
        self._judge(table, name)
        return self._tree[path].arrays[name]

    def has(self, table: str, name: str) -> bool:
        """Whether a table has a column."""
        path = f"hierarchy/{table}"
        return path in self._tree and name in self._tree[path].arrays

    def vocabulary(self, table: str, name: str) -> list[str]:
        """The texts that the codes of a column stand for."""
        vocabularies = self._tree[f"hierarchy/{table}"].attributes.get("vocabularies", {})
        if not isinstance(vocabularies, Mapping) or not isinstance(vocabularies.get(name), list):
            raise MissingArray(f"hierarchy/{table}/vocabularies/{name}", "nothing", "a list of texts")  # HIE-8
        return vocabularies[name]

    def text(self, table: str, name: str) -> np.ndarray:
        """A text column, (rows,) object; "" where there is none."""
        return np.array([*self.vocabulary(table, name), ""], dtype=object)[self.codes(table, name)]

    def codes(self, table: str, name: str) -> np.ndarray:
        """A text column as rows of its vocabulary, (rows,); -1 where there is none."""
        codes, words = self.column(table, name), len(self.vocabulary(table, name))
        if codes.size and (codes.max() >= words or codes.min() < -1):
            raise DanglingRow(f"hierarchy/{table}/{name}", int(codes.max()), f"codes below {words}")  # HIE-10
        return codes

    @cached_property
    def atom_id(self) -> np.ndarray:
        """Atom ids in row order, (N,) uint32, ascending."""
        return self.column("atoms", "atom_id")

    @property
    def n_atoms(self) -> int:
        return len(self.atom_id)

    @cached_property
    def draw_key(self) -> np.ndarray:
        """The number that each atom's random stream is keyed by, (N,) uint32."""
        return self.column("atoms", "draw_key") if self.has("atoms", "draw_key") else self.atom_id

    def bonds_among(self, rows: np.ndarray) -> np.ndarray:
        """Bonds with both ends among these rows of atoms, (B, 3) int64: places of the two among them, and the order."""
        if "hierarchy/bonds" not in self._tree:
            return np.empty((0, 3), np.int64)
        place = np.full(self.n_atoms, -1, np.int64)
        place[rows] = np.arange(len(rows))
        ends = [place[self.column("bonds", name)] for name in ("atom_a", "atom_b")]
        made = np.stack([*ends, self.column("bonds", "order").astype(np.int64)], axis=1)
        return made[(made[:, :2] >= 0).all(axis=1)]

    def size(self, level: str) -> int:
        """How many nodes a level has."""
        if level == "deposition":
            return 1
        first = {"entity": "type", "chain": "entity", "residue": "chain", "atom": "atom_id"}[level]
        return len(self.column(TABLES[level], first))

    def of_atoms(self, level: str) -> np.ndarray:
        """The row of each atom's ancestor at `level`, (N,) int32; -1 where a chain has no entity."""
        if level == "deposition":
            return np.zeros(self.n_atoms, np.int32)
        rows, at = np.arange(self.n_atoms, dtype=np.int32), "atom"
        while at != level:
            column = self.column(TABLES[at], PARENT[at])
            rows = np.asarray(column, np.int32)[rows]
            at = PARENT[at]
            lowest = -1 if at == "entity" else 0  # [HIE-5]
            if rows.size and (rows.min() < lowest or rows.max() >= self.size(at)):
                raise DanglingRow(f"hierarchy/{TABLES[at]}", int(rows.max()), f"rows below {self.size(at)}")  # HIE-4
        return rows

    def rows_of(self, atom_ids: np.ndarray, where: str) -> np.ndarray:
        """The rows of atoms named by id, (len(atom_ids),) int64; refuses ids that do not exist."""
        ids = np.asarray(atom_ids, np.int64)
        known = self.atom_id.astype(np.int64)
        if np.array_equal(ids, known):
            return np.arange(len(known))
        if len(known) and np.array_equal(known, np.arange(known[0], known[0] + len(known))):
            rows = ids - known[0]  # no gaps, as nearly always
            missing = np.flatnonzero((rows < 0) | (rows >= len(known)))
        else:
            rows = np.minimum(np.searchsorted(known, ids), max(0, len(known) - 1))
            missing = np.flatnonzero(known[rows] != ids) if len(known) else np.arange(len(ids))
        if len(missing):
            few = ", ".join(str(i) for i in ids[missing[:5]])
            raise UnknownAtom(f"{where}[{missing[0]}]", f"atom_id {few}", "atom ids of hierarchy/atoms")  # IDN-1, IDN-5
        return rows

    def node_label(self, level: str, row: int) -> str:
        """The name of a node: A (label_asym), A.128 and A/128/CA (author numbering), or its row."""
        if level == "chain":
            return str(self.text("chains", "label_asym")[row])
        if level in ("residue", "atom"):
            residue = row if level == "residue" else int(self.column("atoms", "residue")[row])
            chain = self.text("chains", "auth_asym")[self.column("residues", "chain")[residue]]
            number = f"{self.column('residues', 'auth_seq')[residue]}{self.text('residues', 'ins')[residue]}"
            return f"{chain}.{number}" if level == "residue" else f"{chain}/{number}/{self.text('atoms', 'name')[row]}"
        return str(row)

    def node_labels(self, level: str) -> list[str]:
        """The names of all nodes of a level; the residue type follows where one position holds several."""
        if level == "chain":
            return self.text("chains", "label_asym").tolist()
        if level not in ("residue", "atom"):
            return [str(row) for row in range(self.size(level))]
        chains = self.text("chains", "auth_asym")[self.column("residues", "chain")]
        numbers, codes = self.column("residues", "auth_seq"), self.text("residues", "ins")
        if level == "atom":
            places = [f"{c}/{n}{i}" for c, n, i in zip(chains, numbers, codes, strict=True)]
            at = self.column("atoms", "residue").tolist()
            return [f"{places[r]}/{n}" for r, n in zip(at, self.text("atoms", "name"), strict=True)]
        names = [f"{c}.{n}{i}" for c, n, i in zip(chains, numbers, codes, strict=True)]
        seen: dict[str, int] = {}
        for name in names:
            seen[name] = seen.get(name, 0) + 1
        comps = self.text("residues", "comp")
        return [f"{n}.{c}" if seen[n] > 1 else n for n, c in zip(names, comps, strict=True)]

    def find(self, address: str) -> np.ndarray:
        """Rows of the atoms at an address: an atom_id, chain/number, or chain/number/atom (author numbering)."""
        if address.isascii() and address.isdigit():
            rows = np.flatnonzero(self.atom_id == int(address))
        else:
            match = _ADDRESS.fullmatch(address)
            if not match:
                raise AtomNotFound("atom", address, "an atom_id or chain/number/atom, such as A/128/CA")  # HIE-16
            residue = self.of_atoms("residue")
            chain = self.text("chains", "auth_asym")[self.of_atoms("chain")]
            keep = (chain == match["chain"]) & (self.column("residues", "auth_seq")[residue] == int(match["seq"]))
            keep &= self.text("residues", "ins")[residue] == match["ins"]
            if match["name"]:
                keep &= self.text("atoms", "name") == match["name"]
            rows = np.flatnonzero(keep)
        if not len(rows):
            raise AtomNotFound("atom", address, "an atom of this deposition")  # HIE-16
        return rows
