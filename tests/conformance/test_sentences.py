"""Sentences of the specification: parsed, hashed, traced."""

from __future__ import annotations

import pytest

from polystate_conformance.suite import sentences
from polystate_conformance.suite.case import Case

TEXT = """
# 1. Title [ABC-9] is not at the start

- [ABC-1] A reader MUST refuse
  what is wrong: semantic, `x`.
- [ABC-2] A reader SHOULD be kind.
1. [ABC-3] A reader MAY rest.

[ABC-4] A paragraph MUST count, too,
over two lines.

[ABC-1] means that nothing is guessed; this is an explanation.

```
- [ABC-5] in a listing MUST NOT count
```
| - [ABC-6] | nor in a table |
"""


def test_sentences_are_list_items_and_paragraphs_with_their_full_text():
    found = {item.id: item for item in sentences.parse(TEXT, "x.md")}
    assert list(found) == ["ABC-1", "ABC-2", "ABC-3", "ABC-4"]
    assert found["ABC-1"].text == "A reader MUST refuse what is wrong: semantic, `x`."
    assert found["ABC-4"].text == "A paragraph MUST count, too, over two lines."
    assert [found[id].level for id in found] == ["must", "should", "may", "must"]
    assert found["ABC-1"].refuses and not found["ABC-4"].refuses


def test_hash_sees_words_and_not_line_breaks():
    one = sentences.parse("- [A-1] It MUST be\n  so.", "x")[0]
    other = sentences.parse("- [A-1] It MUST be so.", "y")[0]
    changed = sentences.parse("- [A-1] It MUST be thus.", "y")[0]
    assert one.hash == other.hash != changed.hash


def test_an_id_that_stands_twice_is_refused(tmp_path):
    (tmp_path / "01-a.md").write_text("- [A-1] One MUST.\n")
    (tmp_path / "02-b.md").write_text("- [A-1] Two MUST.\n")
    with pytest.raises(sentences.BadSpecification, match="02-b.md:1.*01-a.md:1"):
        sentences.read(tmp_path)


def test_problems_name_untested_stale_and_missing(tmp_path, tiny):
    (tmp_path / "01-a.md").write_text("- [STO-1] A reader MUST refuse it.\n- [STO-2] A reader MUST read.\n")
    spec = sentences.read(tmp_path)
    found = sentences.problems(spec, tiny, {})
    assert sum("stale: STO-1" in line for line in found) == len(tiny)
    assert any(line.startswith("STO-2: no case tests it") for line in found)
    assert not sentences.problems(spec, [], {"STO-1": "x" * 30, "STO-2": "y" * 30})
    assert any("remove the entry" in line for line in sentences.problems(spec, tiny, {"STO-1": "x" * 30}))
    assert sentences.summary(spec, tiny, {}) == {"must": 2, "traced": 1, "all": 2, "untestable": 0}


def test_the_specification_parses():
    spec = sentences.read()
    assert len(spec) > 400


def test_the_valid_twin_of_a_refusal_tests_the_sentence(tmp_path):
    (tmp_path / "01-a.md").write_text("- [A-1] One MUST be refused.\n- [A-2] Two MUST be refused.\n")
    spec = sentences.read(tmp_path)

    def case(id, expect, ids, **more):
        named = {name: spec[name].hash for name in ids}
        return Case(tmp_path, {"id": id, "sentences": named, "expect": expect, **more})

    valid = case("a.0001", {"valid": True}, ["A-1"])
    reject = {"reject": {"stage": "schema", "code": "x"}}
    cases = [valid, case("a.0002", reject, ["A-1"], twin="a.0001"), case("a.0003", reject, ["A-2"], twin="a.0001")]
    traces = sentences.trace(spec, cases)
    assert (traces["A-1"].tests, traces["A-1"].violates) == (["a.0001"], ["a.0002"])
    assert (traces["A-2"].tests, traces["A-2"].violates) == (["a.0001"], ["a.0003"])
    assert not sentences.problems(spec, cases, {})
    assert sentences.problems(spec, [valid], {})[0] == "A-1: refuses something, and no negative case violates it"


def test_a_prohibition_of_an_evaluator_needs_no_rejected_deposition():
    kept = sentences.parse("- [A-1] An evaluator MUST NOT return NaN.", "x.md")[0]
    assert not kept.refuses
