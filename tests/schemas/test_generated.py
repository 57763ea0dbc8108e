"""What is checked in under generated/ is what the LinkML modules say."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from polystate_schemas import documents, schema

GENERATED = Path(schema.__file__).parent / "generated"


def test_generated_files_are_current():
    generate = pytest.importorskip("polystate_schemas.generate")
    pytest.importorskip("linkml")
    assert generate.main(["--check"]) == 0


def test_running_needs_no_linkml():
    code = (
        "import sys; sys.modules['linkml'] = sys.modules['linkml_runtime'] = None\n"
        "from polystate_schemas import schema\n"
        "assert schema.validate('deposition', {'format_version': '0.1.0'}) == []\n"
        "import polystate_schemas.generated.model\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("kind", documents.kinds())
def test_every_schema_is_a_valid_2020_12_schema(kind):
    document = documents.json_schema(kind)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(document)


def test_null_is_absence_in_a_descriptor_and_refused_elsewhere():
    descriptor = jsonschema.Draft202012Validator(documents.json_schema("descriptor"))
    bundle = {
        "id": "models", "regime": "discrete", "mode": "A", "scope": {"level": "deposition"}, "state_axis": "model",
        "signal_type": "coordinates", "algebra": "independent",
    }  # fmt: skip
    optional = set(documents.json_schema("descriptor")["properties"]) - set(bundle)
    assert len(optional) > 10
    for key in optional:
        assert descriptor.is_valid(bundle | {key: None}), key
    assert descriptor.is_valid(bundle | {"state_axis": None})
    assert not descriptor.is_valid(bundle | {"mode": None})
    assert not descriptor.is_valid(bundle | {"mode": "C", "operator": None})
    assert not descriptor.is_valid(bundle | {"reference": {"hash": None, "frame": "deposition"}})
    axis = jsonschema.Draft202012Validator(documents.json_schema("axis"))
    assert axis.is_valid({"length": 1}) and not axis.is_valid({"length": 1, "title": None})


def test_payload_dtypes_and_shapes_are_known():
    known = {"int8", "int32", "uint8", "uint32", "float32", "float64", "text"}
    for kind in documents.payload_kinds():
        payload = documents.payload(kind)
        for specification in payload["arrays"].values():
            assert specification["shapes"] and set(specification["dtypes"]) <= known - {"text"}
        for table in payload["tables"].values():
            assert table["columns"]
            for column in table["columns"].values():
                assert set(column["dtypes"]) <= known
            for key in table.get("unique", []) + [table.get("sorted_by", [])]:
                assert set(key) <= set(table["columns"])
    assert documents.payload("tls")["arrays"]["tls"]["shapes"] == [["G", 24], ["T", "G", 24]]


def test_each_document_has_its_place_in_the_store():
    for path, kind in {
        "": "deposition", "hierarchy": "hierarchy", "hierarchy/atoms": "atoms",
        "hierarchy/assemblies/1": "assembly",
        "groupings/echt.residue/v1": "grouping", "axes/frame": "axis", "descriptors/tls": "descriptor",
        "operators/decoder": "operator_body", "provenance/fit": "provenance", "annotations/notes": "annotation",
        "landmarks/tls": "landmarks", "reference": "reference", "descriptors": None, "strange/thing": None,
    }.items():  # fmt: skip
        assert documents.kind_of_path(path) == kind


def test_generated_json_ends_with_a_line_and_sorted_keys():
    for path in GENERATED.glob("*.json"):
        text = path.read_text("utf-8")
        assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
