"""Authoring of cases: a new case from a template, hashes of sentences brought up to date, generated files."""

from __future__ import annotations

import re
from pathlib import Path

from polystate_conformance import case as cases
from polystate_conformance import check, paths, sentences, variants

_TEMPLATE = """\
id: {id}
title: {title}
kind: {kind}
sentences: {{{sentences}}}
level: must
profile: {profile}
deposition:
  format_version: "0.1.0"
  hierarchy:
    atoms: {{residue: [0, 0], name: [N, CA], element: [N, C]}}
    residues: {{chain: [0], comp: [ALA], label_seq: [1], auth_seq: [1]}}
    chains: {{entity: [0], label_asym: [A], auth_asym: [A]}}
    entities: {{type: [polymer], description: [peptide], sequence: [A]}}
  reference: {{x_ref: [[0, 0, 0], [1.5, 0, 0]]}}
request: {{outputs: [{output}]}}
expect:
{expect}
oracle: {{how: {how}}}
"""
_OUTPUT = {"validate": "valid", "describe": "counts", "evaluate": "mean", "draw": "xyz", "round_trip": "store",
           "decode": "fields", "operator": "covariance"}  # fmt: skip


def new(area: str, name: str, title: str, kind: str, profile: str, ids: list[str], root: Path = paths.CASES) -> Path:
    """Write conformance/cases/<area>/<number>-<name>/case.yaml under the next free number and return its path."""
    taken = [int(folder.name[:4]) for folder in (root / area).glob("[0-9][0-9][0-9][0-9]-*")]
    number = max(taken, default=0) + 1
    known = sentences.read()
    if missing := [id for id in ids if id not in known]:
        raise ValueError(f"no such sentence: {', '.join(missing)}")
    hashes = ", ".join(f'{id}: "{known[id].hash}"' for id in ids)
    expect = (
        "  valid: true"
        if kind == "validate"
        else f"  {_OUTPUT[kind]}: {{value: [], abs: 1.0e-12, rel: 1.0e-12, because: float64 rounding}}"
    )
    text = _TEMPLATE.format(
        id=f"{area}.{number:04d}", title=title, kind=kind, sentences=hashes, profile=profile, output=_OUTPUT[kind],
        expect=expect, how="closed form, worked here in words",
    )  # fmt: skip
    file = root / area / f"{number:04d}-{name}" / "case.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text, "utf-8")
    return file


def stale() -> list[tuple[str, Path, list[str]]]:
    """(name, file, sentences) of the cases, and of the rules of variants, whose sentences have changed since."""
    known = sentences.read()
    written = [(item.id, item.folder / "case.yaml", item.sentences) for item in cases.load_all() if item.base is None]
    written += [(f"rule {name}", paths.RULES, rule["sentences"]) for name, rule in variants.rules().items()]
    found = []
    for name, file, named in written:
        changed = [id for id, hash in named.items() if id not in known or known[id].hash != hash]
        if changed:
            found.append((name, file, changed))
    return found


_NAMED = re.compile(r'("?)\b([A-Z][A-Z0-9]*-[0-9]+)("?): ?"(?:sha256:[0-9a-f]{64})?"')


def refresh(files: list[Path]) -> list[Path]:
    """Write the current hash of every sentence the case files name: somebody has looked. Returns what changed."""
    known = sentences.read()
    changed = []
    for file in files:
        text = file.read_text("utf-8")
        head, separator, rest = text.partition("\nlevel:")

        def current(match: re.Match[str]) -> str:
            return f'{match[1]}{match[2]}{match[3]}: "{known[match[2]].hash}"' if match[2] in known else match[0]

        new_text = _NAMED.sub(current, head) + separator + rest
        if new_text != text:
            file.write_text(new_text, "utf-8")
            changed.append(file)
    return changed


def write_generated() -> None:
    """Write MANIFEST and spec/traceability.md from the cases and the specification."""
    collection = cases.load_all()
    paths.MANIFEST.write_text(check.manifest(collection), "utf-8")
    text = sentences.table(sentences.read(), collection, sentences.read_untestable())
    paths.TRACEABILITY.write_text(text, "utf-8")
