"""Random depositions and requests, put to two implementations: the smallest on which they differ.

    python -m polystate_conformance.selftest.differences --examples 500 -- node my-adapter.mjs
    python -m polystate_conformance.selftest.differences --fault depth-is-shortest
    python -m polystate_conformance.selftest.differences --damage --examples 500 -- node my-adapter.mjs

The one is the reference, the other a program that is an adapter, or the reference with a planted fault. What is found
is printed as the beginning of a case; its expected value comes from a closed form or an oracle, not from either. With
`--damage` the depositions have one mistake each, and what is compared is whether and why they are refused."""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import yaml
from hypothesis.strategies import SearchStrategy

import polystate
from polystate.errors import PolystateError
from polystate_conformance.implementations import reference
from polystate_conformance.scoring.compare import rejection, same_place
from polystate_conformance.scoring.session import AdapterFailure, Session
from polystate_conformance.selftest import planting
from polystate_conformance.selftest.damages import damaged
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
    one: Side, other: Side, examples: int, seed: int, of: SearchStrategy[tuple[Document, Document]] | None = None,
    known: Collection[str] = (),
) -> tuple[Document, Document, str] | None:  # fmt: skip
    """The smallest deposition and message that are answered in two ways, and how; None where none was found.

    of: what is drawn, of all that there is unless given. known: kinds of differences that are not looked for."""

    def differs(example: tuple[Document, Document]) -> bool:
        how = difference(one, other, *example)
        return how is not None and kind(how) not in known

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


def kind(how: str) -> str:
    """A difference without the places and numbers of one deposition."""
    return re.sub(r" at [^ ]*", "", how.partition(": ")[0])


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
    ours, theirs = rejection(a), rejection(b)
    if ours is not None and theirs is not None:
        agree = message["kind"] != "validate" or _shared(ours, theirs)
        return None if agree else f"{_short(a)} against {_short(b)}"
    if ours or theirs or "ok" not in a or "ok" not in b:
        return f"{_short(a)} against {_short(b)}"
    outputs = sorted(message["request"]["outputs"])
    return next(filter(None, (_output(name, a["ok"][name], b["ok"].get(name)) for name in outputs)), None)


def _shared(one: list[Answer], other: list[Answer]) -> bool:
    """Whether a finding of the one is a finding of the other: of several mistakes a reader may name any."""
    return any(
        (a["stage"], a["code"]) == (b["stage"], b["code"])
        and (same_place(a["where"], b["where"]) or same_place(b["where"], a["where"]))
        for a in one
        for b in other
    )


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
    if name == "warnings":
        a, b = (sorted((item["stage"], item["code"]) for item in warnings) for warnings in (a, b))
    return None if a == b else f"{name}: {a} against {b}"


def _short(answer: Answer) -> str:
    if found := rejection(answer):
        return f"rejected {found[0]['stage']}/{found[0]['code']} at {found[0]['where']}"
    return f"error: {answer['error']['message']}"[:300] if "error" in answer else "an answer"


def main(arguments: list[str]) -> int:
    """Status 0 where nothing differs, 1 where something does; of damage the smallest of each kind is printed."""
    own, _, command = (arguments, "", []) if "--" not in arguments else (
        arguments[: arguments.index("--")], "--", arguments[arguments.index("--") + 1 :])  # fmt: skip
    parser = argparse.ArgumentParser(prog="differences", description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--fault", help="a fault of conformance/faults")
    parser.add_argument("--damage", action="store_true", help="depositions with one mistake each, to be validated")
    options = parser.parse_args(own)
    if bool(options.fault) == bool(command):
        parser.error("either --fault ID or -- COMMAND")
    session = Session(command) if command else None
    other = faulty(options.fault) if session is None else program(session)
    of, known = damaged() if options.damage else None, set[str]()
    try:
        while found := smallest(right, other, options.examples, options.seed, of, known):
            document, message, how = found
            print(f"seed {options.seed}, {options.examples} examples: {how}")
            case = {"deposition": document, **message}
            print(yaml.safe_dump(case, sort_keys=False, default_flow_style=None, width=116))
            known.add(kind(how))
            if not options.damage:
                break
    finally:
        if session is not None:
            session.stop()
    if not known:
        print(f"seed {options.seed}, {options.examples} examples: nothing differs")
    return 1 if known else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
