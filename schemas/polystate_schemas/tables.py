"""Tables of the specification, made from the schema sources and the registry.

    python -m polystate_schemas.tables [--check] [FILE.md ...]      all of spec/ if no file is named
    python -m polystate_schemas.tables --print "payload tls"

In a file, what stands between `<!-- generated: WHAT -->` and `<!-- end -->` is replaced. WHAT is one of `fields KIND`,
`payload KIND`, `enum NAME`, `types`, `operators`, `operator ID`.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from polystate_schemas import yaml12
from polystate_schemas.lock import lock
from polystate_schemas.payload_tables import shapes
from polystate_schemas.registry import entries

HERE = Path(__file__).parent
SPEC = HERE.parents[1] / "spec"
WIDTH = 120  # of a line of spec/
MARKER = re.compile(
    r"^(<!-- generated: (?P<what>[^\n]+?) -->\n)(?P<body>.*?)^(?P<end><!-- end -->)$", re.DOTALL | re.MULTILINE
)
BASIC = {
    "string": "text",
    "integer": "integer",
    "float": "number",
    "boolean": "boolean",
    "Any": "any",
    "OpenObject": "object",
}


class UnknownTable(ValueError):
    """A marker that asks for something that is not there."""


@cache
def _source() -> dict[str, dict[str, Any]]:
    """Classes, enums and types of all LinkML modules."""
    found: dict[str, dict[str, Any]] = {"classes": {}, "enums": {}, "types": {}}
    for path in sorted((HERE / "linkml").glob("*.yaml")):
        module = yaml12.load(path)
        for part in found:
            found[part].update(module.get(part) or {})
    return found


def _class_of(mark: str, kind: str) -> tuple[str, dict[str, Any]]:
    """The class whose annotation `mark` is `kind`."""
    for name, cls in _source()["classes"].items():
        if (cls.get("annotations") or {}).get(mark) == kind:
            return name, cls
    raise UnknownTable(f"there is no {mark} {kind!r}")


def table(what: str) -> str:
    """The Markdown for one marker, without a line end after it."""
    word, _, name = what.strip().partition(" ")
    makers = {
        "fields": _fields, "payload": _payload, "enum": _enum, "types": lambda _: _types(),
        "operators": lambda _: _operators(), "operator": _operator,
    }  # fmt: skip
    if word not in makers:
        raise UnknownTable(f"{what!r} begins with none of {', '.join(makers)}")
    return makers[word](name.strip())


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    """A table; of a row that is wider than the page, the longest cells stand below it."""
    lines, below = [_row(head), _row(["---"] * len(head))], []
    for row in rows:
        cells, told = [_inline(cell) for cell in row], []
        while len(_row(cells)) > WIDTH:
            longest = max(range(1, len(cells)), key=lambda k: len(cells[k]))
            told.append(cells[longest])
            cells[longest] = "(below)"
        lines.append(_row(cells))
        below += [_filled(f"- {cells[0]}: {'. '.join(told)}", "  ")] if told else []
    return "\n".join(lines) + ("\n\n" + "\n".join(below) if below else "")


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _filled(text: str, indent: str = "") -> str:
    """Text in lines of at most the width of the page."""
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _inline(text: str) -> str:
    """Text that stays itself in a table cell: no line ends or bars, and no HTML outside of code."""
    parts = text.replace("|", "\\|").replace("\n", " ").split("`")
    return "`".join(part if k % 2 else part.replace("<", "&lt;") for k, part in enumerate(parts))


def _sentence(slot: dict[str, Any]) -> str:
    """Meaning and unit of a slot."""
    unit = f"[{slot['unit']['symbol']}]" if slot.get("unit") else ""
    return " ".join(part for part in (slot.get("description") or "", unit) if part)


# -- documents ---------------------------------------------------------------------------------------------------


def _fields(kind: str) -> str:
    name, cls = _class_of("document", kind)
    rows = list(_rows(cls, "", {}))
    rules = list(dict.fromkeys(_rules(name, set())))
    if not rows:
        return "No keys are defined."
    text = _markdown(["key", "type", "required", "meaning"], rows)
    return text + ("\n\n" + _filled("Rules: " + "; ".join(rules) + ".") if rules else "")


def _rows(cls: dict[str, Any], prefix: str, told: dict[str, str]) -> Iterator[list[str]]:
    """Rows of a class and of the classes in it; one that was told before is only referred to."""
    for key, slot in (cls.get("attributes") or {}).items():
        slot = slot or {}
        many = "[]" if slot.get("multivalued") else ""
        name, place = slot.get("range", ""), f"{prefix}{key}{many}"
        inner = _source()["classes"].get(name) if name not in BASIC else None
        as_before = f", keys as in `{told[name]}`" if inner and name in told else ""
        yield [f"`{prefix}{key}`", _type(slot) + as_before, "yes" if slot.get("required") else "", _sentence(slot)]
        if inner is not None and not as_before:
            told[name] = place
            yield from _rows(inner, f"{place}.", told)


def _type(slot: dict[str, Any]) -> str:
    name = slot.get("range", "string")
    source = _source()
    if name in source["enums"]:
        text = "one of " + ", ".join(f"`{value}`" for value in source["enums"][name]["permissible_values"])
    elif name in source["types"]:
        text = name
    elif name in BASIC:
        text = BASIC[name]
    else:
        text = "object"
    for key, words in (("minimum_value", "≥"), ("maximum_value", "≤")):
        if key in slot:
            text += f" {words} {slot[key]}"
    for key, words in (("exclusive_minimum", ">"), ("exclusive_maximum", "<")):
        if key in (slot.get("annotations") or {}):
            text += f" {words} {slot['annotations'][key]}"
    if slot.get("array"):
        sizes = [str(d["exact_cardinality"]) for d in slot["array"]["dimensions"]]
        text = f"list {' × '.join(sizes)} of {text}"
    return f"list of {text}" if slot.get("multivalued") else text


def _rules(name: str, seen: set[str]) -> Iterator[str]:
    """What the rules of a class and of the classes in it say."""
    if name in seen:
        return
    seen.add(name)
    cls = _source()["classes"][name]
    for rule in cls.get("rules", []):
        if rule.get("description"):
            yield rule["description"]
    for slot in (cls.get("attributes") or {}).values():
        inner = (slot or {}).get("range", "")
        if inner in _source()["classes"]:
            yield from _rules(inner, seen)


def _enum(name: str) -> str:
    if name not in _source()["enums"]:
        raise UnknownTable(f"there is no enum {name!r}")
    values = _source()["enums"][name]["permissible_values"]
    return _markdown(["value", "meaning"], [[f"`{v}`", _sentence(about or {})] for v, about in values.items()])


def _types() -> str:
    types = _source()["types"].items()
    return _markdown(["type", "pattern", "meaning"], [[n, f"`{t['pattern']}`", _sentence(t)] for n, t in types])


# -- payloads ----------------------------------------------------------------------------------------------------


def _payload(kind: str) -> str:
    _, cls = _class_of("payload", kind)
    source, parts = _source()["classes"], []
    parent = source.get(cls.get("is_a", ""), {}).get("annotations", {}).get("payload")
    head = f"**`{kind}`**. {_inline(cls['description'].strip())}"
    if "operators" in cls["annotations"]:
        head += " Operators: " + ", ".join(f"`{name}`" for name in cls["annotations"]["operators"].split(",")) + "."
    if parent:
        head += f" Beside what `{parent}` has."
    parts.append(_filled(head + _order(cls)))
    arrays: dict[str, dict[str, Any]] = {}
    tables: dict[str, dict[str, Any]] = {}
    for name, slot in (cls.get("attributes") or {}).items():
        (tables if "table" in source.get(slot.get("range", ""), {}).get("annotations", {}) else arrays)[name] = slot
    if arrays:
        rows = [
            [f"`{n}`", *_column(s), _shape(s), "yes" if s.get("required") else "", _meaning(s)]
            for n, s in arrays.items()
        ]
        parts.append(_markdown(["array", "dtype", "shape", "required", "meaning"], rows))
    for name, slot in tables.items():
        inner = source[slot["range"]]
        optional = "" if slot.get("required") else " (optional)"
        about = (slot.get("description") or inner["description"]).strip()
        parts.append(_filled(f"Table `{name}`{optional}. {about}{_order(inner)}"))
        rows = [[f"`{n}`", *_column(s), _meaning(s)] for n, s in inner["attributes"].items()]
        parts.append(_markdown(["column", "dtype", "meaning"], rows))
    return "\n\n".join(parts)


def _column(slot: dict[str, Any]) -> list[str]:
    return [slot["annotations"]["dtype"].replace("|", " or ")]


def _shape(slot: dict[str, Any]) -> str:
    names = shapes(str(slot["annotations"]["shape"]))
    return " or ".join("`(" + ", ".join(map(str, shape)) + ")`" for shape in names)


def _meaning(slot: dict[str, Any]) -> str:
    """Meaning, unit, range, and what a column of rows or codes points to."""
    notes = slot["annotations"]
    parts = [_sentence(slot)]
    if "minimum_value" in slot and "maximum_value" in slot:
        parts.append(f"{slot['minimum_value']} to {slot['maximum_value']}.")
    elif "minimum_value" in slot:
        parts.append(f"At least {slot['minimum_value']}.")
    if slot.get("range") in _source()["enums"]:
        parts.append(
            "One of " + ", ".join(f"`{v}`" for v in _source()["enums"][slot["range"]]["permissible_values"]) + "."
        )
    if "vocabulary" in notes:
        parts.append(
            f"Code into the vocabulary `{notes['vocabulary']}`" + ("; -1 = none." if notes.get("none") else ".")
        )
    elif "/" in notes.get("refers_to", ""):
        parts.append(f"Row of `{notes['refers_to']}`" + ("; -1 = none." if notes.get("none") else "."))
    return " ".join(part for part in parts if part)


def _order(cls: dict[str, Any]) -> str:
    order = (cls.get("annotations") or {}).get("sorted_by")
    if order:
        return " Rows ascend by " + ", ".join(f"`{name}`" for name in order.split(",")) + ", each once."
    keys = [", ".join(f"`{s}`" for s in key["unique_key_slots"]) for key in (cls.get("unique_keys") or {}).values()]
    return f" No two rows agree in {' or in '.join(keys)}." if keys else ""


# -- operators ---------------------------------------------------------------------------------------------------


def _operators() -> str:
    return "\n".join(
        f"- `{entry.id}`: `{entry.document['algebra']}`, {lock().row(entry.id).status}\n  `{entry.hash}`"
        for entry in entries().values()
    )


def _operator(name: str) -> str:
    if name not in entries():
        raise UnknownTable(f"there is no operator {name!r}")
    entry = entries()[name]
    document, signature = entry.document, entry.document["signature"]
    rows = [
        [role, f"`{item['name']}`", item["dtype"], "(" + ", ".join(map(str, item["shape"])) + ")", item["unit"],
         item["description"].strip()]
        for role in ("inputs", "outputs") for item in signature[role]
    ]  # fmt: skip
    rows += [
        ["parameters", f"`{p['name']}`", p["type"], "", p["unit"], p["description"].strip()]
        for p in signature["parameters"]
    ]
    return "\n\n".join(
        [
            f"**`{name}`**, `{document['algebra']}`, {lock().row(name).status}, `{entry.hash}`",
            _markdown(["", "name", "type", "shape", "unit", "meaning"], rows),
            f"```text\n{document['formula']['text']}\n```",
        ]
    )


# -- files -------------------------------------------------------------------------------------------------------


def splice(text: str) -> str:
    """The text of a Markdown file with every generated part replaced."""
    opened = re.findall(r"^<!-- generated: ", text, re.MULTILINE)
    if len(opened) != len(MARKER.findall(text)):
        raise UnknownTable("a `generated` marker has no `end`")
    return MARKER.sub(lambda m: f"{m[1]}{table(m['what'])}\n{m['end']}", text)


def main(arguments: list[str] | None = None) -> int:
    """Write the tables into the files, or with --check name the files that differ."""
    parser = argparse.ArgumentParser(
        prog="python -m polystate_schemas.tables", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("files", nargs="*", type=Path, help="Markdown files; all of spec/ if none")
    parser.add_argument("--check", action="store_true", help="compare instead of writing; exit 1 on a difference")
    parser.add_argument("--print", dest="what", help="print one table")
    options = parser.parse_args(arguments)
    if options.what:
        print(table(options.what))
        return 0
    stale = 0
    for path in options.files or sorted(SPEC.glob("*.md")):
        text = path.read_text("utf-8")
        try:
            wanted = splice(text)
        except UnknownTable as error:
            raise SystemExit(f"{path}: {error}") from None
        if wanted != text:
            stale += 1
            print(f"{path.name}: generated tables {'differ' if options.check else 'written'}")
            if not options.check:
                path.write_text(wanted, "utf-8")
    return 1 if stale and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
