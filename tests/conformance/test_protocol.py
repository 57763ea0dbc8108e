"""The loop of an adapter: whatever a line holds, one line answers it."""

from __future__ import annotations

import io
import json

import pytest

from polystate_conformance import protocol
from polystate_conformance.paths import schema
from polystate_conformance.suite.kinds import KINDS

RUN = protocol.run(3, "describe", "read", "d.zarr", {"outputs": ["counts"]}, None, "o")


def answers(*lines: str) -> list[dict]:
    sink = io.StringIO()
    protocol.serve({"name": "x"}, lambda message: {"ok": {}}, io.StringIO("".join(f"{line}\n" for line in lines)), sink)
    return [json.loads(line) for line in sink.getvalue().splitlines()]


@pytest.mark.parametrize("line", ["nonsense", "", "[1]", "{}", '{"cmd": "dance"}', '{"cmd": "run"}', "[" * 100_000])
def test_a_line_that_is_no_message_is_answered(line):
    wrong, right = answers(line, json.dumps(RUN), '{"cmd": "stop"}', "never read")
    assert wrong["seq"] == "0" and wrong["error"]["message"] and right == {"seq": "3", "ok": {}}
    protocol.check("answer", wrong)


def test_every_kind_of_the_protocol_is_a_row_of_the_table_and_says_what_a_request_may_hold():
    definitions = schema("protocol")["$defs"]
    assert list(KINDS) == definitions["kind"]["enum"]
    assert {f"request_{kind}" for kind in KINDS} == {name for name in definitions if name.startswith("request_")}
