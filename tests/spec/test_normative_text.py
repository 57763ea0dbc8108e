"""The rules for the text itself: ids, keywords, codes, links and style."""

from __future__ import annotations

import re
from types import ModuleType

import pytest

from polystate import errors
from polystate_conformance.paths import SPEC
from polystate_conformance.suite import sentences
from polystate_tools.formats import errors as exchange_errors

CHAPTERS = sorted(SPEC.glob("[0-9]*.md"))
AREAS = {
    "STO", "DIG", "HIE", "GRP", "DSC", "DAG", "STK", "MEAN", "COV", "TLS", "ADP", "OPR", "REG", "RNG", "AXI", "REF",
    "IDN", "DRV", "PRV", "ANN", "TXT", "MMTF", "ERR", "VER", "ADA", "EXP", "MOM",
}  # fmt: skip


def errors_of_the_code(module: ModuleType = errors) -> dict[str, str]:
    """Code to stage of every error class of a module."""
    waiting: list[type[errors.PolystateError]] = [errors.PolystateError]
    found: dict[str, str] = {}
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        if cls.__module__ == module.__name__ and "code" in vars(cls) and cls is not errors.PolystateError:
            found[cls.code] = cls.stage
    return found


def test_every_id_stands_once_and_every_sentence_has_a_keyword() -> None:
    found = sentences.read(SPEC)
    assert len(found) > 200
    assert {id.partition("-")[0] for id in found} == AREAS
    assert [id for id, s in found.items() if not re.search(r"\b(MUST|SHOULD|MAY)\b", s.text)] == []


def test_keywords_stand_in_sentences_only() -> None:
    inside = " ".join(sentence.text for sentence in sentences.read(SPEC).values())
    for path in CHAPTERS:
        text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.S | re.M)
        for line in text.splitlines():
            if re.search(r"\b(MUST|SHOULD)\b", line) and "RFC 2119" not in line:
                assert " ".join(line.split()).removeprefix("- ").split("] ")[-1] in inside, f"{path.name}: {line}"


def test_ids_of_one_list_ascend() -> None:
    for path in CHAPTERS:
        above = ("", 0)
        for line in path.read_text("utf-8").splitlines():
            if match := re.match(r"- \[([A-Z]+)-(\d+)\] ", line):
                area, number = match[1], int(match[2])
                assert area != above[0] or number > above[1], f"{path.name}: {area}-{number} after {above[1]}"
                above = (area, number)
            elif not line.startswith("  "):  # anything but the rest of an item ends a list
                above = ("", 0)


def test_lines_fit_a_page() -> None:
    long = [f"{path.name}:{number}" for path in sorted(SPEC.glob("*.md"))
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if len(line) > 120]  # fmt: skip
    assert long == []


def test_refusals_name_a_stage_and_a_code_of_the_table() -> None:
    text = (SPEC / "17-errors.md").read_text("utf-8")
    rows = re.findall(r"^\| (\w+) \| `([a-z-]+)` \|", text, re.M)
    known = {code: stage for stage, code in rows}
    of_exchange = dict(re.findall(r"^\| `([a-z-]+)` \| (\w+) \|", text, re.M))
    assert len(rows) > 50 and len(known) == len(rows)
    for id, sentence in sentences.read(SPEC).items():
        named = re.findall(r"(container|schema|semantic|operator|evaluate), `([a-z0-9-]+)`", sentence.text)
        if not id.startswith("MMTF"):
            for stage, code in named:
                table = {**known, **of_exchange} if id.startswith("EXP") else known
                assert table.get(code) == stage, f"{id}: {stage}, {code}"
    assert known == errors_of_the_code()
    assert known | of_exchange == known | errors_of_the_code(exchange_errors)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.name)
def test_links_lead_somewhere(path) -> None:
    for target in re.findall(r"\]\(([\w.-]+\.md)\)", path.read_text("utf-8")):
        assert (SPEC / target).exists(), target
    known = sentences.read(SPEC)
    for id in re.findall(r"\[([A-Z]+-\d+)\]", path.read_text("utf-8")):
        assert id in known, id
    for reason in re.findall(r"^- ([A-Z]+-\d+(?:, [A-Z]+-\d+)*): ", path.read_text("utf-8"), re.M):
        assert all(known[id].file == path.name for id in reason.split(", ")), reason
