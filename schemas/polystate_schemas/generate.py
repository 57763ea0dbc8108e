"""Write generated/ from linkml/: `python -m polystate_schemas.generate [--check]` (needs the extra `dev`).

Everything under generated/ is a function of the LinkML modules: one JSON Schema a kind of document, the table of
payload arrays, the paths of documents, and pydantic models. Running Polystate reads generated/ only.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from polystate_schemas import payload_tables, postprocess

HERE = Path(__file__).parent
SOURCE = HERE / "linkml" / "deposition.yaml"
GENERATED = HERE / "generated"


def generate() -> dict[str, str]:
    """File name to text of everything under generated/."""
    from linkml.generators.jsonschemagen import JsonSchemaGenerator
    from linkml_runtime.utils.schemaview import SchemaView

    view = SchemaView(str(SOURCE))
    kinds = documents(view)
    generator = JsonSchemaGenerator(str(SOURCE), include_null=False, preserve_names=True, top_class="Deposition")
    definitions = postprocess.definitions(json.loads(generator.serialize())["$defs"], view)
    files = {
        f"{kind}.schema.json": _json(postprocess.document(kind, entry["class"], definitions))
        for kind, entry in kinds.items()
    }
    files["documents.json"] = _json({kind: entry["path"] for kind, entry in kinds.items()})
    files["payload.json"] = _json(payload_tables.payloads(view))
    files["model.py"] = _model(view)
    files["__init__.py"] = '"""Generated from linkml/ by polystate_schemas.generate; not edited by hand."""\n'
    return files


def documents(view) -> dict[str, dict[str, Any]]:
    """Kind of document to its LinkML class and its path in the store (None for files outside a store)."""
    found = {}
    for name, cls in sorted(view.all_classes().items()):
        if "document" in cls.annotations:
            path = cls.annotations["path"].value if "path" in cls.annotations else None
            found[str(cls.annotations["document"].value)] = {"class": str(name), "path": path}
    return dict(sorted(found.items()))


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _model(view) -> str:
    """Pydantic models of the documents; payload classes describe arrays and are left out."""
    from linkml.generators.pydanticgen import PydanticGenerator
    from linkml_runtime.utils.schemaview import SchemaView

    merged = SchemaView(str(SOURCE))
    merged.merge_imports()
    schema = merged.schema
    for name in [name for name, cls in schema.classes.items() if {"payload", "table"} & set(cls.annotations)]:
        del schema.classes[name]
    for cls in schema.classes.values():
        cls.unique_keys = {}
    schema.source_file = None
    text = PydanticGenerator(
        schema, extra_fields="allow", metadata_mode="None", gen_mixin_inheritance=False, mergeimports=True
    ).serialize()
    return "# mypy: ignore-errors\n" + "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Write generated/, or with --check compare and name every difference."""
    parser = argparse.ArgumentParser(prog="python -m polystate_schemas.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing; exit 1 on a difference")
    check = parser.parse_args(arguments).check
    wanted = generate()
    present = {path.name: path for path in GENERATED.glob("*") if path.is_file()}
    stale = [name for name in sorted(present) if name not in wanted]
    changed = [name for name, text in wanted.items() if name not in present or present[name].read_text("utf-8") != text]
    if check:
        for name in stale + changed:
            print(f"generated/{name} differs from what linkml/ says; run python -m polystate_schemas.generate")
        return 1 if stale or changed else 0
    GENERATED.mkdir(exist_ok=True)
    for name in changed:
        (GENERATED / name).write_text(wanted[name], "utf-8")
    for name in stale:
        present[name].unlink()
    print(f"{len(changed)} of {len(wanted)} files written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
