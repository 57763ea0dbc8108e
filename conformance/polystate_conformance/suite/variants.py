"""Variants: cases that differ from a valid case, their base, by one change of its store.

Their stores are zips, a file each.
They stand one a line in `variants.jsonl` beside the base, each under a rule of `conformance/rules.yaml`, which says
what is due, and by which sentence:

    {"n": 7, "rule": "missing", "change": {"delete": "reference/x_ref"}, "kills": ["payload:reference/..."]}
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema

from polystate_conformance import paths
from polystate_conformance.suite.case import BadCase, Case, registry
from polystate_schemas import yaml12

FILE = "variants.jsonl"


@lru_cache
def rules(file: Path = paths.RULES) -> dict[str, dict[str, Any]]:
    """The rules by name: `says` and `sentences`, and of those that refuse `stage` and `code`."""
    return yaml12.load(file.read_text("utf-8"))


@lru_cache
def _validator() -> jsonschema.Draft202012Validator:
    document = paths.schema("case")
    whole = {**document["$defs"]["variant"], "$defs": document["$defs"]}
    return jsonschema.Draft202012Validator(whole, registry=registry())


def read(file: Path) -> list[dict[str, Any]]:
    """The lines of one file; BadCase when one breaks the format."""
    found = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        try:
            variant = json.loads(line)
        except ValueError as error:
            raise BadCase(f"{file}:{number}: {error}") from None
        if violation := next(_validator().iter_errors(variant), None):
            raise BadCase(f"{file}:{number}: {violation.message[:300]}")
        if variant["rule"] not in rules():
            raise BadCase(f"{file}:{number}: no rule is called {variant['rule']}")
        found.append(variant)
    return found


def expand(base: Case) -> Iterator[Case]:
    """A case and its variants."""
    yield base
    file = base.folder / FILE
    for variant in read(file) if file.exists() else ():
        yield made(base, variant)


def made(base: Case, variant: dict[str, Any]) -> Case:
    """A variant as a case, numbered as its base, a dash and a number of its own."""
    rule = rules()[variant["rule"]]
    document = base.document | {
        "id": f"{base.id}-{variant['n']}", "title": title(variant), "sentences": rule["sentences"],
        "damage": [variant["change"]], "container": "zip", "base": base.id, "kills": variant.get("kills", []),
        "oracle": {"how": f"rule {variant['rule']} of conformance/rules.yaml"},
    }  # fmt: skip
    if "code" in rule:
        where = place(variant["change"])
        if rule.get("at") == "descriptor":
            where = "/".join(where.split("/")[:2])
        others = {"or": variant["or"]} if "or" in variant else {}
        refusal = {"stage": rule["stage"], "code": rule["code"], "where": where, **others}
        document |= {"expect": {"reject": refusal}, "twin": base.id}
    return Case(base.folder, document)


def title(variant: dict[str, Any]) -> str:
    """What differs, and what that is."""
    return f"{place(variant['change']) or 'the deposition'} {rules()[variant['rule']]['says']}"[:149]


def place(change: dict[str, Any]) -> str:
    """Where a change is made, as errors name places."""
    if "pointer" in change:
        path = str(change.get("set_json", change.get("remove_json"))).removesuffix("zarr.json").rstrip("/")
        return f"{path}#{change['pointer'].removeprefix('/attributes/polystate')}"
    if "table" in change:
        column = change.get("column", change.get("drop"))
        return change["table"] + (f"/{column}" if column else "")
    return str(change.get("array", change.get("delete")))
