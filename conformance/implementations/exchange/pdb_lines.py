"""The lines of a PDB file without what cannot be read, and with models that gemmi tells apart (20.6)."""

from __future__ import annotations

import math
import re

CELL = ((6, 15), (15, 24), (24, 33), (33, 40), (40, 47), (47, 54))
ROW = {"MTRIX": ((10, 20), (20, 30), (30, 40), (45, 55)), "BIOMT": ((23, 33), (33, 43), (43, 53), (53, 68))}
ENDS = {
    "LINK": ((12, 16), (17, 20), (22, 26), (42, 46), (47, 50), (52, 56)),
    "SSBOND": ((11, 14), (17, 21), (25, 28), (31, 35)),
}
NUMBERS = {"LINK": (2, 5), "SSBOND": (1, 3)}


Tensors = dict[tuple[int, int], tuple[float, ...]]


def readable(text: str) -> tuple[str, Tensors, list[str]]:
    """The text that is left without ANISOU, U by model and serial number, and what was left out."""
    lines, losses = [line.ljust(80) for line in text.splitlines()], []
    end = next((k for k, line in enumerate(lines) if line[:6].strip() == "END"), len(lines))
    if any(line.strip() for line in lines[end + 1 :]):
        losses.append("what follows END")
    atoms = [k for k, line in enumerate(lines[:end]) if line.startswith(("ATOM", "HETATM", "MODEL"))]
    first = atoms[0] if atoms else end
    head = _header(lines[:first], losses)
    body = _models(lines[first:end])
    tensors = _tensors(body, losses)
    body = [line for line in body if not line.startswith("ANISOU")]
    return "\n".join([*head, *body, "END"]) + "\n", tensors, losses


def _models(lines: list[str]) -> list[str]:
    """Runs of atoms as models from 1, those without atoms left out."""
    runs: list[list[str]] = [[]]
    for line in lines:
        if line.startswith(("MODEL", "ENDMDL")):
            runs.append([])
        else:
            runs[-1].append(line)
    whole = [run for run in runs if any(line.startswith(("ATOM", "HETATM")) for line in run)]
    rest = [line for run in runs if run not in whole for line in run]
    if len(whole) < 2:
        return [line for run in runs for line in run]
    made = []
    for number, run in enumerate(whole, 1):
        made += [f"MODEL     {number:4d}".ljust(80), *run, "ENDMDL".ljust(80)]
    return made + rest


def _tensors(lines: list[str], losses: list[str]) -> Tensors:
    """U of ANISOU records, each by the atom of its model that its columns 12 to 27 name."""
    model, serial, said = 1, {}, []
    for line in lines:
        if line.startswith("MODEL"):
            model = int(line[10:14])
        elif line.startswith(("ATOM", "HETATM")):
            serial.setdefault((model, line[11:27]), int_of(line[6:11]))
        elif line.startswith("ANISOU"):
            said.append((model, line))
    found: Tensors = {}
    for model, line in said:
        words = [line[k : k + 7].strip() for k in range(28, 70, 7)]
        if (model, line[11:27]) not in serial or not all(words):
            losses.append(f"ANISOU of no atom or without a number: {line[6:27]}")
        else:
            found[model, serial[model, line[11:27]]] = tuple(int(word) / 10000 for word in words)
    return found


def int_of(text: str) -> int:
    """A serial number of ten digits or of 36 (hybrid-36)."""
    text = text.strip()
    if text[:1].isalpha():
        return int(text, 36) - 10 * 36**4 + 10**5 + (26 * 36**4 if text.islower() else 0)
    return int(text or 0)


def _header(lines: list[str], losses: list[str]) -> list[str]:
    bad: set[int] = set()
    for k, line in enumerate(lines):
        kind = line[:6].strip()
        if kind == "CRYST1" and not _is_cell(_numbers(line, CELL)):
            losses.append("cell: CRYST1 is that of no cell")
            bad.add(k)
        elif found := re.match(r"REMARK   2 RESOLUTION\.\s*(\S+)", line):
            if found[1] not in ("NOT", "NULL") and _float(found[1]) is None:
                losses.append("resolution: no number")
                bad.add(k)
        elif kind == "SEQRES" and not line[8:].strip():
            bad.add(k)
        elif kind in ENDS:
            words = [line[a:b].strip() for a, b in ENDS[kind]]
            if not all(words) or any(not re.fullmatch(r"-?\d+|[A-Za-z]\w{3}", words[n]) for n in NUMBERS[kind]):
                losses.append(f"{kind} that names no atom")
                bad.add(k)
    broken = _broken([(k, line[5], line[6:10], line) for k, line in enumerate(lines) if line[:5] == "MTRIX"], "MTRIX")
    if broken:
        losses.append("NCS operators that are not whole")
    return [line for k, line in enumerate(lines) if k not in bad | broken | _assemblies(lines, losses)]


def _assemblies(lines: list[str], losses: list[str]) -> set[int]:
    """The lines of assemblies with an operator that is not whole."""
    blocks: dict[str, list[int]] = {}
    name = ""
    for k, line in enumerate(lines):
        if line.startswith("REMARK 350"):
            found = re.match(r"REMARK 350\s+BIOMOLECULE\s*:\s*(\S+)", line)
            name = found[1] if found else name
            blocks.setdefault(name, []).append(k)
    left: set[int] = set()
    for name, numbers in blocks.items():
        rows = [(k, lines[k][18], lines[k][19:23], lines[k]) for k in numbers if "BIOMT" in lines[k]]
        if _broken(rows, "BIOMT"):
            losses.append(f"assembly {name}: an operator that is not whole")
            left |= set(numbers)
    return left


def _broken(rows: list[tuple[int, str, str, str]], kind: str) -> set[int]:
    """Rows that are not 1, 2, 3 of one serial number with four numbers each."""
    left, at = set(), 0
    while at < len(rows):
        three = rows[at : at + 3]
        whole = [row[1] for row in three] == ["1", "2", "3"] and len({row[2] for row in three}) == 1
        if whole and all(None not in _numbers(row[3], ROW[kind]) for row in three):
            at += 3
        else:
            same = [row for row in three if row[2] == rows[at][2]]
            left |= {row[0] for row in same}
            at += len(same)
    return left


def _numbers(line: str, columns: tuple[tuple[int, int], ...]) -> list[float | None]:
    return [_float(line[a:b]) for a, b in columns]


def _float(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _is_cell(sizes: list[float | None]) -> bool:
    known = [size for size in sizes if size is not None and size > 0]
    return len(known) == 6 and has_volume(*known)


def has_volume(a: float, b: float, c: float, alpha: float, beta: float, gamma: float) -> bool:
    """Whether lengths and angles are those of a cell."""
    x, y, z = (math.cos(math.radians(angle)) for angle in (alpha, beta, gamma))
    within = min(a, b, c, alpha, beta, gamma) > 0 and max(alpha, beta, gamma) < 180
    return within and 1 - x * x - y * y - z * z + 2 * x * y * z > 1e-9


def shifts_of_assemblies(lines: list[str]) -> dict[str, dict[str, list[float]]]:
    """Of each assembly and operator the shift, which has fifteen columns; gemmi reads the last ten."""
    made: dict[str, dict[str, list[float]]] = {}
    name = ""
    for line in lines:
        if found := re.match(r"REMARK 350\s+BIOMOLECULE\s*:\s*(\S+)", line):
            name = found[1]
        elif line.startswith("REMARK 350   BIOMT"):
            made.setdefault(name, {}).setdefault(line[19:23].strip(), []).append(float(line[53:68]))
    return made
