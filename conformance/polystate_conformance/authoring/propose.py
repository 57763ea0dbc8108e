"""Write the variants of the cases that have them: for every constraint of the schemas one store that breaks it alone.

    python -m polystate_conformance.authoring.propose conformance/cases/schema/*/case.yaml

Documents are changed a key at a time and judged by their JSON Schemas; arrays and tables as each fact about them
suggests. What is due follows from the kind of fact (`conformance/rules.yaml`), never from what an evaluator answers.
The evaluator only tells which dropped constraints a change makes visible: of those that a change would make visible,
it is kept if no change before it does.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Any

from polystate_conformance.authoring import propose_documents, propose_payloads
from polystate_conformance.scoring import compare
from polystate_conformance.selftest import mutants
from polystate_conformance.selftest import planting as faults
from polystate_conformance.suite import case as cases
from polystate_conformance.suite import variants
from polystate_conformance.suite.case import Case
from polystate_conformance.suite.materialise import Materials

Variant = dict[str, Any]


def propose(case: Case, unseen: set[str], pool: propose_documents.Pool) -> list[Variant]:
    """The variants of one case that make constraints visible which are in `unseen`; those are taken from it."""
    import polystate

    tree = polystate.build(case.deposition)
    explained = {item.id for item in mutants.load() if item.equivalent is not None}
    unseen -= propose_documents.seen_by_base(tree, unseen)
    for variant in propose_documents.variants_of(tree, explained, pool):
        print(f"  explained, yet visible: {case.id}: {json.dumps(variant)}")
    found = propose_documents.variants_of(tree, unseen, pool)
    for variant in found:
        unseen -= set(variant["kills"])
    planted = {item.id: item for item in mutants.load()}
    with Materials() as materials:
        for id, candidates in propose_payloads.candidates(tree):
            if id in unseen:
                visible = (variant for variant in candidates if _visible(case, variant, planted[id], materials))
                for variant in itertools.islice(visible, 1):
                    found.append(variant | {"kills": [id]})
                    unseen.discard(id)
    return found


def _visible(base: Case, variant: Variant, fault: faults.Fault, materials: Materials) -> bool:
    """Whether an evaluator with the fault answers a variant otherwise than the rule of the variant says."""
    case = variants.made(base, variant | {"n": json.dumps(variant)})
    store, want = materials.store(case), case.expect["reject"]
    assert store is not None
    if not _named(store, want):
        print(f"  not due, or not found: {base.id}: {json.dumps(variant)}: found {_findings(store)[:3]}")
        return False
    with faults.planted(fault):
        return not _named(store, want)


def _named(store: Path, want: dict[str, str]) -> bool:
    findings = _findings(store)
    return bool(findings) and all(compare.named(want, findings).values())


def _findings(store: Path) -> list[dict[str, str]]:
    import polystate

    try:
        errors = polystate.open(store).validate().errors
    except polystate.PolystateError as error:
        errors = [error]
    except Exception:  # a dropped constraint may break anything
        return []
    return [{"stage": error.stage, "code": error.code, "where": error.where} for error in errors]


def numbered(found: list[Variant], old: list[Variant]) -> list[Variant]:
    """The variants found, in order of their numbers. Those that were there keep theirs, since reports name cases by
    them; new ones have the numbers that follow. Of those that may be refused otherwise, too (`or`), all that a person
    has written of them is kept: a dropped constraint need not be seen by them."""
    known = {json.dumps(line["change"]): line for line in old}
    free = itertools.count(max((line["n"] for line in old), default=0) + 1)
    made = []
    for variant in found:
        before = known.get(json.dumps(variant["change"]), {})
        kept = {key: before[key] for key in ("kills", "or")} if "or" in before else {}
        made.append({"n": before["n"] if before else next(free), **variant, **kept})
    return sorted(made, key=lambda line: line["n"])


def main(arguments: list[str]) -> int:
    """Write variants.jsonl beside each of the cases."""
    import polystate

    unseen = {item.id for item in mutants.load() if item.equivalent is None}
    collection = [cases.load(Path(name)) for name in arguments]
    pool = propose_documents.values_of(polystate.build(case.deposition) for case in collection)
    for case in collection:
        found = propose(case, unseen, pool)
        old = variants.read(case.folder / variants.FILE) if (case.folder / variants.FILE).exists() else []
        lines = [json.dumps(line, ensure_ascii=False) for line in numbered(found, old)]
        (case.folder / variants.FILE).write_text("\n".join(lines) + "\n", "utf-8")
        print(f"{case.folder.name}: {len(found)} variants; {len(unseen)} constraints unseen", flush=True)
    print("\n".join(sorted(unseen)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
