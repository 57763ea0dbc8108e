"""What random entries say beside their atoms: ADPs, TLS, links, crystal, assemblies, NCS."""

from __future__ import annotations

import math
import random

from polystate_conformance.selftest.entry_parts import Assembly, Entry, Link, Matrix, Row, Six, Tls

TITLES = ("Serine beside zinc", "A title: of three words, and more", "Crystal structure of a β-barrel at 1.5 Å",
          "It's a title with 'quotes' and \"more\"")  # fmt: skip
CELLS = (
    ("P 1 21 1", (30.125, 40.25, 50.5, 90.0, 101.25, 90.0)), ("P 21 21 21", (61.3, 72.44, 83.555, 90.0, 90.0, 90.0)),
    ("P 1", (20.0, 21.5, 22.75, 80.0, 85.5, 95.25)), ("H 3 2", (71.2, 71.2, 150.4, 90.0, 90.0, 120.0)),
)  # fmt: skip
CONTENTS = {
    "total": ("ATOM RECORD CONTAINS SUM OF TLS AND RESIDUAL B FACTORS", "contains sum of TLS and residual B factors"),
    "residual": ("ATOM RECORD CONTAINS RESIDUAL B FACTORS ONLY", "Likely residual"),
}
IDENTITY: Matrix = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]


def describe(rng: random.Random, made: Entry, format: str) -> None:
    _about(rng, made)
    _crystal(rng, made)
    _adps(rng, made, format)
    if rng.random() < 0.35:
        _tls(rng, made)
    _links(rng, made, format)


def _about(rng: random.Random, made: Entry) -> None:
    if rng.random() < 0.7:
        made.id = rng.choice(("1ABC", "9XYZ", "4OPJ"))
        made.method = rng.choice(("X-RAY DIFFRACTION", "SOLUTION NMR", "ELECTRON MICROSCOPY"))
        made.resolution = rng.choice((1.85, 2.1, 0.95, None))
        made.has("entry")
    if rng.random() < 0.6:
        made.title = rng.choice(TITLES)
        made.has("title")


def _operator(rng: random.Random) -> Matrix:
    """A quarter turn about an axis, or a turn by any angle about z, with a shift."""
    angle = rng.choice((90.0, 180.0, 120.0, 36.87))
    c, s = round(math.cos(math.radians(angle)), 6) + 0.0, round(math.sin(math.radians(angle)), 6) + 0.0
    turn = [[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]
    order = rng.sample(range(3), 3)
    shift = [round(rng.uniform(-60, 60), 3) for _ in range(3)]
    return [[*(turn[i][j] for j in order), shift[i]] for i in order]


def _crystal(rng: random.Random, made: Entry) -> None:
    if rng.random() < 0.6:
        made.space_group, made.cell = rng.choice(CELLS)
        made.has("cell")
    if rng.random() < 0.3:
        made.ncs = [(IDENTITY, True)] * (rng.random() < 0.5) + [
            (_operator(rng), rng.random() < 0.4) for _ in range(rng.randint(1, 2))
        ]
        made.has("NCS")
    if rng.random() < 0.45:
        made.operators = [IDENTITY, *(_operator(rng) for _ in range(rng.randint(0, 2)))]
        labels = [chain.label for chain in made.chains]
        for number in range(1, rng.randint(1, 2) + 1):
            half = rng.sample(labels, rng.randint(1, len(labels)))
            generators = [([*range(len(made.operators))], half)]
            if rng.random() < 0.4 and len(half) < len(labels):
                generators.append(([0], [label for label in labels if label not in half]))
                made.has("assemblies of several generators")
            made.assemblies.append(Assembly(str(number), rng.choice(("monomeric", "dimeric", "")), generators))
        made.has("assemblies")


def _adps(rng: random.Random, made: Entry, format: str) -> None:
    if rng.random() < 0.45:
        made.has("anisotropic U")
        chosen = rng.choice((0.3, 0.7, 1.0))
        for row in made.rows:
            if row.b is not None and rng.random() < chosen:
                row.u = _u(rng, row.b)
    if rng.random() < 0.2:
        rng.choice(made.rows).b = 0.0
        made.has("B of 0")
    if format == "mmcif" and rng.random() < 0.2:
        row = rng.choice(made.rows)
        if row.u is None:
            row.b = None
            made.has("unknown B")


def _u(rng: random.Random, b: float) -> Six:
    """A positive U of about a B."""
    mean = max(b, 4.0) / (8 * math.pi**2)
    diagonal = [round(mean * rng.uniform(0.6, 1.5), 4) for _ in range(3)]
    off = [round(min(diagonal) * rng.uniform(-0.3, 0.3), 4) for _ in range(3)]
    return (*diagonal, *off)  # type: ignore[return-value]


def _tls(rng: random.Random, made: Entry) -> None:
    """One or two groups of residues, none of which shares an atom with the other."""
    chains = list(dict.fromkeys(row.residue.chain.auth for row in made.rows if row.residue.seq is not None))
    style = rng.choice(("ranges", "ranges", "sets", "expressions", "halves"))
    found: list[tuple[str, list[tuple[str, int, int]]]] = []
    for chain in chains[:2]:
        numbers = [row.residue.number for row in made.rows if row.residue.chain.auth == chain
                   and row.residue.seq is not None]  # fmt: skip
        first, last = min(numbers), max(numbers)
        if style == "ranges":
            found.append(("", [(chain, first, last)]))
        elif style == "halves":
            middle = (first + last) // 2
            found += [("", [(chain, first, middle)]), ("", [(chain, middle + 1, last), (chain, 401, 401)])]
        elif style == "sets":
            found.append((f"{{{chain}|{first} - {last}}}" if rng.random() < 0.6 else f"{{{chain}|*}}", []))
        else:
            found.append((rng.choice((
                f"chain {chain} and resseq {first}:{last}", f"chain {chain} and not water", f"chain '{chain}'",
                f"(chain {chain} and resid {first} through {last}) or (chain {chain} and resname ZN)",
                f"chain {chain} and (name CA or name C? or element N)",
                f"chain {chain} and not (resname HOH or element H)",
            )), []))  # fmt: skip
    made.has(
        {"ranges": "TLS by ranges", "halves": "TLS by ranges", "sets": "TLS by sets"}.get(style, "TLS by expressions")
    )
    for selection, ranges in found:
        made.tls.append(_group(rng, made, selection, ranges))
    content = rng.choice(("total", "residual"))
    if rng.random() < 0.75:
        made.content = rng.choice(CONTENTS[content])
        made.has(f"ADPs said to be {content}")
    else:
        made.options["b_factors"] = content
        made.has("ADPs by the caller")
    if rng.random() < 0.3 and any(row.u for row in made.rows):
        made.options["b_factors"] = content
        made.has("ADPs by the caller")


def _group(rng: random.Random, made: Entry, selection: str, ranges: list[tuple[str, int, int]]) -> Tls:
    small = rng.choice((0.3, 1.0))
    t = [round(rng.uniform(0.08, 0.25) * small, 4) for _ in range(3)] + [
        round(rng.uniform(-0.02, 0.02), 4) for _ in "123"
    ]
    rotation = [round(rng.uniform(0.5, 3.0) * small, 4) for _ in "123"] + [
        round(rng.uniform(-0.2, 0.2), 4) for _ in "123"
    ]
    s = [round(rng.uniform(-0.05, 0.05), 4) for _ in range(9)]
    s[8] = round(-s[0] - s[4], 4) + 0.0
    row = next(row for row in made.rows if row.residue.seq is not None)
    origin = tuple(round(value + rng.uniform(-2, 2), 4) for value in row.xyz)
    return Tls(tuple(t), tuple(rotation), s, origin, selection, ranges)  # type: ignore[arg-type]


def _links(rng: random.Random, made: Entry, format: str) -> None:
    """Links between residues, of all atoms' alternates or of one; and some that are no bonds."""
    residues = list({id(row.residue): row.residue for row in made.rows if row.model == 1}.values())
    if len(residues) < 2:
        return
    for _ in range(rng.choice((0, 0, 1, 2, 3))):
        ends: list[Row] = []
        for residue in rng.sample(residues, 2):
            ends.append(rng.choice([row for row in made.rows if row.residue is residue and row.model == 1]))
        metal = any(row.spot.element in ("ZN", "CL") for row in ends)
        kind = "metalc" if metal else rng.choice(("covale", "covale", "disulf"))
        link = Link((ends[0], ends[1]), (ends[0].alt, ends[1].alt), kind)
        if any(link.alts):
            if rng.random() < 0.4:
                link.alts = ("", "")
                made.has("links of all alternates")
            else:
                made.has("links of one alternate")
        if format == "mmcif" and rng.random() < 0.3:
            link.order = rng.choice(("doub", "sing", "trip"))
            made.has("orders of links")
        if rng.random() < 0.15:
            link.symmetry = "2_565"
            made.has("links to copies")
        elif format == "mmcif" and rng.random() < 0.15:
            link.kind = "hydrog"
            made.has("hydrogen bonds")
        made.links.append(link)
        made.has("links")
