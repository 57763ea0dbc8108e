"""Authoring of cases: a new case from a template, hashes of sentences brought up to date, generated files."""

from __future__ import annotations

import json
import re
from pathlib import Path

from polystate_conformance import paths, protocol
from polystate_conformance.selftest import check
from polystate_conformance.suite import case as cases
from polystate_conformance.suite import collection, sentences, variants
from polystate_conformance.suite.kinds import KINDS

_HEAD = """\
id: {id}
title: {title}
kind: {kind}
sentences: {{{sentences}}}
level: {level}
profile: {profile}
"""
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
    for found, known, what in ((kind, tuple(KINDS), "kind"), (profile, protocol.PROFILES, "profile")):
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
    text = head + KINDS[kind].template + _ORACLE
    folder = root / area / f"{number:04d}-{name}"
    file = folder / "case.yaml"
    try:
        cases.parse(text, file)
    except cases.BadCase as error:
        raise ValueError(str(error).removeprefix(f"{file}: ")) from None
    folder.mkdir(parents=True)
    for name, content in KINDS[kind].beside.items():
        (folder / name).write_bytes(content)
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
