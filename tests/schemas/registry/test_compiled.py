"""The compiled registry is what its YAML files say."""

from polystate_schemas import registry, yaml12


def test_compiled_entries_are_current():
    text = (registry.REGISTRY / registry.COMPILED).read_text("utf-8")
    assert text == registry.compiled_text(), "run python -m polystate_schemas.registry --compile"


def test_a_compiled_entry_is_the_parsed_one():
    for entry in registry.entries().values():
        assert entry.document == yaml12.load(entry.path)
        assert entry.hash == registry.content_hash(entry.document)
