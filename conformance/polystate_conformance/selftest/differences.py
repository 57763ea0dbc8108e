"""Random depositions and requests, put to two implementations: the smallest on which they differ.

    python -m polystate_conformance.selftest.differences --examples 500 -- node my-adapter.mjs
    python -m polystate_conformance.selftest.differences --fault depth-is-shortest

The one is the reference, the other a program that is an adapter, or the reference with a planted fault. What is found
is printed as the beginning of a case; its expected value comes from a closed form or an oracle, not from either."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import yaml
from hypothesis.strategies import SearchStrategy

import polystate
from polystate.errors import PolystateError
from polystate_conformance.implementations import reference
from polystate_conformance.scoring.session import AdapterFailure, Session
from polystate_conformance.selftest import planting
from polystate_conformance.selftest.depositions import Document, asked

Answer = dict[str, Any]
Side = Callable[[Document], Answer]
TOLERANCE = {"xyz": 1e-4}
"""Of the numbers of an output; a draw from a covariance that is nearly singular may differ by 1e-5 √m (RNG-19)."""
USUAL = 1e-9
LIMIT_S = 20


def right(message: Document) -> Answer:
    """What the reference answers."""
    reference.backend = "numpy"
    return reference.handle(message)


def faulty(id: str) -> Side:
    """What the reference answers with a planted fault."""
    (item,) = [item for item in planting.load() if item.id == id]

    def side(message: Document) -> Answer:
        with planting.planted(item):
            return right(message)

    return side


def program(session: Session) -> Side:
    """What another program answers; one that breaks answers nothing that agrees."""

    def side(message: Document) -> Answer:
        try:
            return session.ask(message, LIMIT_S)
        except AdapterFailure as failure:
            return {"error": {"message": f"{failure.how}: {failure}"}}

    return side


def smallest(
    one: Side, other: Side, examples: int, seed: int, of: SearchStrategy[tuple[Document, Document]] | None = None
) -> tuple[Document, Document, str] | None:
    """The smallest deposition and message that are answered in two ways, and how; None where none was found.

    of: what is drawn, of all that there is unless given."""

    def differs(example: tuple[Document, Document]) -> bool:
        return difference(one, other, *example) is not None

    settings = hypothesis.settings(
        max_examples=examples, database=None, deadline=None, derandomize=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    try:
        document, message = hypothesis.find(
            asked() if of is None else of, differs, settings=settings, random=random.Random(seed)
        )
    except hypothesis.errors.NoSuchExample:
        return None
    return document, message, str(difference(one, other, document, message))


def difference(one: Side, other: Side, document: Document, message: Document) -> str | None:
    """How the answers of two sides differ; None where they agree, or where one does not claim what is asked."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "d.zarr"
        try:
            polystate.write(polystate.build(document), store)
        except PolystateError:
            return None  # no deposition at all
        found = []
        for name, side in (("one", one), ("other", other)):
            out = Path(folder) / name
            out.mkdir()
            sent = {"cmd": "run", "seq": "1", "deposition": str(store), "out_dir": str(out), **message}
            found.append(_read(side(sent), out))
    a, b = found
    if "unsupported" in a or "unsupported" in b:
        return None
    if ("ok" in a) != ("ok" in b):
        return f"{_short(a)} against {_short(b)}"
    if "ok" not in a:
        return None if "rejected" in a and "rejected" in b else f"{_short(a)} against {_short(b)}"
    return next(filter(None, (_output(name, a["ok"][name], b["ok"].get(name)) for name in sorted(a["ok"]))), None)


def _read(answer: Answer, folder: Path) -> Answer:
    """An answer with its arrays in place of their files."""
    if "ok" not in answer:
        return answer
    read = {
        name: np.load(folder / value["file"]) if isinstance(value, dict) and "dtype" in value else value
        for name, value in answer["ok"].items()
    }
    return {"ok": read}


def _output(name: str, a: Any, b: Any) -> str | None:
    if isinstance(a, np.ndarray):
        same = isinstance(b, np.ndarray) and a.shape == b.shape
        if same and np.allclose(a, b, rtol=1e-9, atol=TOLERANCE.get(name, USUAL), equal_nan=True):
            return None
        return f"{name}: {a.tolist()} against {b.tolist() if isinstance(b, np.ndarray) else b}"
    return None if a == b else f"{name}: {a} against {b}"


def _short(answer: Answer) -> str:
    if "ok" in answer:
        return "an answer"
    kind, value = next((key, value) for key, value in answer.items() if key != "seq")
    return f"{kind} {value.get('code', '')} {value.get('where', value.get('message', ''))}"[:300]


def main(arguments: list[str]) -> int:
    """Status 0 where nothing differs, 1 where something does."""
    own, _, command = (arguments, "", []) if "--" not in arguments else (
        arguments[: arguments.index("--")], "--", arguments[arguments.index("--") + 1 :])  # fmt: skip
    parser = argparse.ArgumentParser(prog="differences", description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--fault", help="a fault of conformance/faults")
    options = parser.parse_args(own)
    if bool(options.fault) == bool(command):
        parser.error("either --fault ID or -- COMMAND")
    session = Session(command) if command else None
    other = faulty(options.fault) if session is None else program(session)
    try:
        found = smallest(right, other, options.examples, options.seed)
    finally:
        if session is not None:
            session.stop()
    print(f"seed {options.seed}, {options.examples} examples: {'nothing differs' if found is None else found[2]}")
    if found is not None:
        document, message, _ = found
        print(yaml.safe_dump({"deposition": document, **message}, sort_keys=False, default_flow_style=None, width=116))
    return 0 if found is None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
