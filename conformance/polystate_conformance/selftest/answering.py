"""Which program answers a case, when something wrong is planted below a package: the reference, or another in Python.

The programs are named and not imported: the suite works where the tools are not installed."""

from __future__ import annotations

import importlib
from typing import Any

from polystate_conformance.scoring.runner import Result, run_in_process
from polystate_conformance.suite.case import Case
from polystate_conformance.suite.materialise import Materials

SAMPLER = "polystate_conformance.implementations.numpy_sampler"
DECODER = "polystate_tools.formats.mmtf"
EXCHANGE = "polystate_tools.formats"
REFERENCE = "polystate"
_ADAPTERS = {
    SAMPLER: SAMPLER, DECODER: "polystate_tools.commands.mmtf_adapter",
    EXCHANGE: "polystate_tools.commands.exchange_adapter",
    REFERENCE: "polystate_conformance.implementations.reference",
}  # fmt: skip


def adapter(below: str) -> Any:
    """The module whose `handle` and `hello` answer for a package."""
    return importlib.import_module(_ADAPTERS[below])


def package(case: Case) -> str:
    """The package that a case asks about. Laws that one seed cannot tell are put to the sampler."""
    if case.statistical:
        return SAMPLER
    return {"decode": DECODER, "import": EXCHANGE, "export": EXCHANGE}.get(case.kind, REFERENCE)


def killed(result: Result) -> bool:
    """Whether a result differs from what a right evaluator gives: failed, or refused under another name."""
    return result["outcome"] != "passed" or not all(result.get("named", {}).values())


def passes(case: Case, materials: Materials) -> bool:
    """Whether the program asked about passes a case, refusals under the right name."""
    program = adapter(package(case))
    (result,) = run_in_process(program.handle, program.hello(), [case], materials)
    return not killed(result)
