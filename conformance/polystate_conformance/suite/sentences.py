"""The normative sentences of spec/: their ids, hashes and levels, and which cases test them."""

from __future__ import annotations

import hashlib
import re
import textwrap
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from polystate_conformance import paths
from polystate_conformance.suite.case import Case
from polystate_schemas import yaml12

_START = re.compile(r"^[ \t]*(?P<item>(?:[-*+]|\d+[.)])[ \t]+)?\[(?P<id>[A-Z][A-Z0-9]*-[0-9]+)\][ \t]+(?P<text>.*)$")
_BLOCK_END = re.compile(r"^\s*$|^\s*(?:[-*+]|\d+[.)])\s+|^#{1,6}\s|^\s*\||^```|^\s*>")
_LEVEL = re.compile(r"\b(MUST|SHALL|REQUIRED|SHOULD|RECOMMENDED|MAY|OPTIONAL)\b")
_LEVELS = {"MUST": "must", "SHALL": "must", "REQUIRED": "must", "SHOULD": "should", "RECOMMENDED": "should",
           "MAY": "may", "OPTIONAL": "may"}  # fmt: skip
_STRENGTH = ("must", "should", "may")


class BadSpecification(Exception):
    """A sentence that breaks the rules for sentences."""


@dataclass(frozen=True)
class Sentence:
    """One normative sentence, or the few that one id covers."""

    id: str
    text: str
    file: str
    line: int

    @property
    def hash(self) -> str:
        return "sha256:" + hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def level(self) -> str:
        """The strongest keyword of RFC 2119 in the text; must, where it has none."""
        levels = {_LEVELS[word] for word in _LEVEL.findall(self.text)}
        return next((level for level in _STRENGTH if level in levels), "must")

    @property
    def refuses(self) -> bool:
        """Whether the sentence names a refusal, so that a case that violates it is due."""
        return bool(re.search(r"(?<!NOT )\b(refuse[ds]?|reject(?:s|ed)?)\b", self.text))


@dataclass
class Trace:
    """The cases of one sentence."""

    sentence: Sentence
    tests: list[str] = field(default_factory=list)
    violates: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    untestable: str | None = None


def parse(text: str, file: str) -> list[Sentence]:
    """The sentences of one Markdown text: `[COV-3] ...` at the start of a list item or paragraph, to its end.

    A paragraph that begins with the id of a list item speaks about that sentence and is none itself.
    """
    found, items, lines, number, fenced = [], set(), text.splitlines(), 0, False
    while number < len(lines):
        line = lines[number]
        fenced ^= line.lstrip().startswith("```")
        match = None if fenced else _START.match(line)
        number += 1
        if match is None:
            continue
        parts, first = [match["text"]], number
        while number < len(lines) and not _BLOCK_END.match(lines[number]):
            parts.append(lines[number])
            number += 1
        sentence = Sentence(match["id"], " ".join(" ".join(parts).split()), file, first)
        found.append((bool(match["item"]), sentence))
        if match["item"]:
            items.add(sentence.id)
    return [sentence for item, sentence in found if item or sentence.id not in items]


def read(folder: Path = paths.SPEC) -> dict[str, Sentence]:
    """All sentences of the specification by id; an id that stands twice is an error."""
    sentences: dict[str, Sentence] = {}
    for path in sorted(folder.rglob("*.md")):
        if path.name == paths.TRACEABILITY.name or path.name == "README.md":
            continue
        for sentence in parse(path.read_text("utf-8"), path.relative_to(folder).as_posix()):
            if sentence.id in sentences:
                first = sentences[sentence.id]
                raise BadSpecification(
                    f"{sentence.file}:{sentence.line}: [{sentence.id}] already stands at {first.file}:{first.line}"
                )
            sentences[sentence.id] = sentence
    return sentences


def trace(
    sentences: dict[str, Sentence], cases: Iterable[Case], untestable: dict[str, str] | None = None
) -> dict[str, Trace]:
    """For each sentence the cases that test and violate it, and those that name an older wording.

    The valid twin of a case that violates a sentence tests it, named or not: it differs by that one fact.
    """
    traces = {id: Trace(sentence, untestable=(untestable or {}).get(id)) for id, sentence in sentences.items()}
    for case in cases:
        for id, hash in case.sentences.items():
            if id not in traces:
                continue
            traces[id].tests = list(dict.fromkeys([*traces[id].tests, case.twin if case.negative else case.id]))
            traces[id].violates += [case.id] * case.negative
            if hash != sentences[id].hash:
                named = case.id if case.base is None else "rules.yaml"  # which all variants of a rule share
                if named not in traces[id].stale:
                    traces[id].stale.append(named)
    return traces


def read_untestable(file: Path = paths.UNTESTABLE) -> dict[str, str]:
    """Sentence id to the written reason why no case tests it."""
    if not file.exists():
        return {}
    document = yaml12.load(file.read_text("utf-8")) or {}
    for id, because in document.items():
        if not isinstance(because, str) or len(because) < 20:
            raise BadSpecification(f"{file.name}: {id}: say why, in a sentence")
    return document


def problems(sentences: dict[str, Sentence], cases: list[Case], untestable: dict[str, str]) -> list[str]:
    """What is wrong between sentences and cases, one line each; empty when all is traced and current."""
    found = [
        f"{case.id}: sentence {id} does not exist" for case in cases for id in case.sentences if id not in sentences
    ]
    found += [f"untestable.yaml: sentence {id} does not exist" for id in untestable if id not in sentences]
    for id, item in trace(sentences, cases, untestable).items():
        found += [f"{case}: stale: {id} has changed since somebody looked" for case in item.stale]
        if item.sentence.level == "must" and item.untestable is None:
            if not item.tests and not item.violates:
                found.append(f"{id}: no case tests it ({item.sentence.file}:{item.sentence.line})")
            elif not item.tests:
                found.append(f"{id}: no positive case")
            elif item.sentence.refuses and not item.violates:
                found.append(f"{id}: refuses something, and no negative case violates it")
        elif item.untestable is not None and item.tests:
            found.append(f"untestable.yaml: {id} has cases ({', '.join(item.tests[:3])}): remove the entry")
    return found


def summary(sentences: dict[str, Sentence], cases: list[Case], untestable: dict[str, str]) -> dict[str, int]:
    """How many MUST sentences there are, and how many have a case or a reason."""
    traces = trace(sentences, cases, untestable).values()
    must = [item for item in traces if item.sentence.level == "must"]
    traced = [item for item in must if item.tests or item.violates or item.untestable]
    return {"must": len(must), "traced": len(traced), "all": len(traces),
            "untestable": sum(item.untestable is not None for item in must)}  # fmt: skip


def table(sentences: dict[str, Sentence], cases: list[Case], untestable: dict[str, str]) -> str:
    """The generated page spec/traceability.md."""
    counts = summary(sentences, cases, untestable)
    variants = sum(case.base is not None for case in cases)
    lines = [
        "# Sentences and cases",
        "",
        "Generated by `polystate case check --write`; edit the sentences and the cases, never this page.",
        "",
        f"{counts['traced']} of {counts['must']} MUST sentences have a case or a reason; "
        f"{len(cases) - variants} cases and {variants} variants of them.",
    ]
    chapter = ""
    for id, item in trace(sentences, cases, untestable).items():
        if item.sentence.file != chapter:
            chapter = item.sentence.file
            lines += ["", f"## [{chapter}]({chapter})", ""]
        parts = [f"tested by {_listed(item.tests)}"] if item.tests else []
        parts += [f"violated by {_listed(item.violates)}"] if item.violates else []
        parts += [f"untestable: {item.untestable}"] if item.untestable else []
        lines += textwrap.wrap(
            f"- **{id}** {item.sentence.level}" + (": " if parts else "") + "; ".join(parts),
            120, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
    return "\n".join(lines) + "\n"


def _listed(ids: list[str]) -> str:
    """Cases by id, and of each base how many of its variants."""
    counts = Counter(id.partition("-")[0] for id in ids if "-" in id)
    of_bases = [f"{base} ({n} variant{'s' if n > 1 else ''})" for base, n in counts.items()]
    return ", ".join(sorted([*(id for id in ids if "-" not in id), *of_bases]))
