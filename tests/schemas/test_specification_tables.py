"""The tables of the specification are made from the schema sources, and a stale one is found."""

import pytest

from polystate_schemas import documents, registry, tables


@pytest.mark.parametrize("kind", documents.kinds())
def test_every_document_has_a_table_with_all_its_keys(kind):
    text = tables.table(f"fields {kind}")
    for key in documents.json_schema(kind).get("properties", {}):
        assert f"| `{key}` |" in text


@pytest.mark.parametrize("kind", documents.payload_kinds())
def test_every_payload_has_a_table(kind):
    text = tables.table(f"payload {kind}")
    own = tables._class_of("payload", kind)[1].get("attributes") or {}
    assert all(f"`{name}`" in text for name in own)


def test_every_operator_is_listed_with_its_hash():
    text = tables.table("operators")
    for name, entry in registry.entries().items():
        assert f"`{name}`" in text and entry.hash in text
        assert entry.document["formula"]["text"] in tables.table(f"operator {name}")


def test_tables_have_as_many_cells_in_each_row():
    for what in ("fields descriptor", "payload atoms", "types", "enum Algebra", "fields provenance"):
        rows = [line.replace("\\|", "") for line in tables.table(what).splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) == 1 and len(rows) > 2


def test_what_no_line_can_hold_stands_below_the_table():
    text = tables._markdown(["key", "type", "meaning"], [["`a`", "x" * 70, "y " * 40 + "end"], ["`b`", "t", "m"]])
    assert all(len(line) <= tables.WIDTH for line in text.splitlines())
    assert "| `a` | " + "x" * 70 + " | (below) |" in text and "| `b` | t | m |" in text
    assert " ".join(text.split()).endswith("- `a`: " + "y " * 40 + "end")


def test_splicing_replaces_what_stands_between_the_markers(tmp_path, capsys):
    path = tmp_path / "x.md"
    path.write_text("# X\n\n<!-- generated: enum Mode -->\nold\n<!-- end -->\n\nafter\n")
    assert tables.main(["--check", str(path)]) == 1 and "old" in path.read_text()
    assert tables.main([str(path)]) == 0
    text = path.read_text()
    assert "old" not in text and "Sparse deltas" in text and text.startswith("# X\n") and text.endswith("\nafter\n")
    assert tables.main(["--check", str(path)]) == 0 and tables.splice(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "<!-- generated: enum Mode -->\n",
        "<!-- generated: fields x -->\n<!-- end -->",
        "<!-- generated: y -->\n<!-- end -->",
    ],
)
def test_a_marker_that_cannot_be_filled_is_an_error(text):
    with pytest.raises(tables.UnknownTable):
        tables.splice(text)


def test_the_tables_of_the_specification_are_current():
    assert tables.main(["--check"]) == 0
