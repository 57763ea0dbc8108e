"""The loop of an adapter: whatever a line holds, one line answers it."""

from __future__ import annotations

import io
import json

import pytest

from polystate_conformance import protocol

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
