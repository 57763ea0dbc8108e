"""Authoring of cases: a new case from a template, hashes of sentences brought up to date, generated files."""

from __future__ import annotations

import json
import re
from pathlib import Path

from polystate_conformance import paths, protocol
from polystate_conformance.selftest import check
from polystate_conformance.suite import case as cases
from polystate_conformance.suite import collection, sentences, variants

_HEAD = """\
id: {id}
title: {title}
kind: {kind}
sentences: {{{sentences}}}
level: {level}
profile: {profile}
"""
_DEPOSITION = """\
deposition:
  format_version: "0.1.0"
  hierarchy:
    atoms: {residue: [0, 0], name: [N, CA], element: [N, C]}
    residues: {chain: [0], comp: [ALA], label_seq: [1], auth_seq: [1]}
    chains: {entity: [0], label_asym: [A], auth_asym: [A]}
    entities: {type: [polymer], description: [peptide], sequence: [A]}
  reference: {x_ref: [[0, 0, 0], [1.5, 0, 0]]}
"""
_NUMBERS = '{value: [], abs: 1.0e-12, rel: 1.0e-12, because: "a few roundings of binary64"}'
_RAW = "raw.mmtf"
_BODIES = {
    "validate": _DEPOSITION + "request: {outputs: [valid]}\nexpect:\n  valid: true\n",
    "describe": _DEPOSITION
    + "request: {outputs: [counts]}\nexpect:\n"
    + "  counts: {atoms: 2, residues: 1, chains: 1, entities: 1, bonds: 0}\n",
    "evaluate": _DEPOSITION + f"request: {{outputs: [mean]}}\nexpect:\n  mean: {_NUMBERS}\n",
    "draw": _DEPOSITION + f'request: {{outputs: [xyz], seed: "7", index: "0"}}\nexpect:\n  xyz: {_NUMBERS}\n',
    "round_trip": _DEPOSITION + 'request: {outputs: [store]}\nexpect:\n  store: {digest: ""}\n',
    "decode": f"deposition: {{file: {_RAW}}}\n"
    + "request: {outputs: [groupIdList]}\nexpect:\n  groupIdList: {value: [], dtype: int32}\n",
    "operator": "request: {outputs: [u], operator: parametric_gaussian/iadp_v1, inputs: {b: [0.0]}}\n"
    + f"expect:\n  u: {_NUMBERS}\n",
}
"""Of each kind a deposition, a request and an expectation to fill in; numbers stay empty until somebody knows them."""
_ORACLE = 'oracle: {how: "where the numbers come from: a closed form in words, a script, a published table"}\n'
_AREA = re.compile("[a-z][a-z0-9_-]*")
_NAME = re.compile("[a-z0-9]+(-[a-z0-9]+)*")


def new(area: str, name: str, title: str, kind: str, profile: str, ids: list[str], root: Path = paths.CASES) -> Path:
    """Write <root>/<area>/<number>-<name>/case.yaml under the next free number and return its path.

    What is written can be loaded: a ValueError names what is wrong with the arguments, and nothing is written."""
    if not _AREA.fullmatch(area):
        raise ValueError(
            f"found area {area!r}, expected a folder of cases: small letters, digits, - and _, such as tls"
        )
    if not _NAME.fullmatch(name):
        raise ValueError(f"found name {name!r}, expected small letters and digits with dashes, such as origin-far-away")
    for found, known, what in ((kind, tuple(_BODIES), "kind"), (profile, protocol.PROFILES, "profile")):
        if found not in known:
            raise ValueError(f"found {what} {found!r}, expected one of {', '.join(known)}")
    known_sentences = sentences.read()
    if missing := [id for id in ids if id not in known_sentences]:
        raise ValueError(f"no such sentence: {', '.join(missing)}")
    taken = [int(folder.name[:4]) for folder in (root / area).glob("[0-9][0-9][0-9][0-9]-*")]
    number = max(taken, default=0) + 1
    levels = {known_sentences[id].level for id in ids}
    head = _HEAD.format(
        id=f"{area}.{number:04d}", title=json.dumps(title, ensure_ascii=False), kind=kind, profile=profile,
        sentences=", ".join(f'{id}: "{known_sentences[id].hash}"' for id in ids),
        level=next((level for level in ("must", "should", "may") if level in levels), "must"),
    )  # fmt: skip
    text = head + _BODIES[kind] + _ORACLE
    folder = root / area / f"{number:04d}-{name}"
    file = folder / "case.yaml"
    try:
        cases.parse(text, file)
    except cases.BadCase as error:
        raise ValueError(str(error).removeprefix(f"{file}: ")) from None
    folder.mkdir(parents=True)
    if kind == "decode":
        (folder / _RAW).write_bytes(b"\x80")  # an empty MessagePack map, to be replaced
    file.write_text(text, "utf-8")
    return file


def stale() -> list[tuple[str, Path, list[str]]]:
    """(name, file, sentences) of the cases, and of the rules of variants, whose sentences have changed since."""
    known = sentences.read()
    written = [
        (item.id, item.folder / "case.yaml", item.sentences) for item in collection.load_all() if item.base is None
    ]
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
    everything = collection.load_all()
    paths.MANIFEST.write_text(check.manifest(everything), "utf-8")
    text = sentences.table(sentences.read(), everything, sentences.read_untestable())
    paths.TRACEABILITY.write_text(text, "utf-8")
