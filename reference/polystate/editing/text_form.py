"""The text form: a deposition written by hand in YAML, built into a tree.

Arrays are nested lists, or `{dtype: ..., data: ...}`; text columns are written as text. What a reader of the
store would refuse is built all the same, so that a wrong deposition can be written down and tested."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polystate.errors import PolystateError, SchemaError
from polystate.rules.guard import Judged
from polystate.store import given, metadata
from polystate.store.tree import FORMAT_VERSION, Group, Table, Tree
from polystate.structure.hierarchy import ELEMENTS

TEXT_COLUMNS = {
    "atoms": ("name",),
    "residues": ("comp", "ins"),
    "chains": ("label_asym", "auth_asym"),
    "entities": ("type", "description", "sequence"),
}
# Names mean the same wherever they stand in the format, so the data type follows from the name.
DTYPES = {
    **dict.fromkeys(("atom_id", "draw_key", "old", "new"), np.uint32),
    **dict.fromkeys(("element", "order", "present", "body"), np.uint8),
    **dict.fromkeys(("charge",), np.int8),
    **dict.fromkeys(("weight",), np.float32),
    **dict.fromkeys(
        "residue name chain comp label_seq auth_seq ins position entity label_asym auth_asym type description sequence "
        "atom_a atom_b child parent label labels site state condition component operator".split(),
        np.int32,
    ),
}
NON_NUMBERS = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
ROOT_KEYS = (
    "hierarchy",
    "reference",
    "groupings",
    "axes",
    "descriptors",
    "operators",
    "provenance",
    "annotations",
)
COLUMN_TABLES = ("atoms", "residues", "chains", "entities", "bonds")
GROUPING_ARRAYS = ("child", "parent", "weight", "label")
AXIS_ARRAYS = ("time", "population", "energy", "box")


def build(document: str | Mapping[str, Any]) -> Tree:
    """The tree of a text-form deposition: YAML text, or the mapping that it holds."""
    if isinstance(document, str):
        from polystate_schemas.yaml12 import Yaml12Error, load

        try:
            document = load(document)
        except Yaml12Error as error:
            raise SchemaError(f"line {error.line}, column {error.column}", error.problem, "YAML 1.2") from error
    if not isinstance(document, Mapping):
        raise SchemaError("deposition", type(document).__name__, "a mapping")
    tree: dict[str, Group] = {"": Group(_root(document))}
    _hierarchy(tree, _section(document, "hierarchy"))
    if "reference" in document:
        tree["reference"] = _split(_section(document, "reference"), ("x_ref",), "reference")
    for name, body in _section(document, "groupings").items():
        tree[f"groupings/{name}"] = _split(body, GROUPING_ARRAYS, f"groupings/{name}")
    for name, body in _section(document, "axes").items():
        tree[f"axes/{name}"] = _split(body, AXIS_ARRAYS, f"axes/{name}")
    for layer in ("descriptors", "landmarks"):
        for name, body in _section(document, layer).items():
            tree[f"{layer}/{name}"] = _payload(name, body, f"{layer}/{name}")
    for name, body in _section(document, "operators").items():
        tree[f"operators/{name}"] = _body(dict(_mapping(body, f"operators/{name}")), f"operators/{name}")
    for layer in ("provenance", "annotations"):
        for name, body in _section(document, layer).items():
            tree[f"{layer}/{name}"] = Group(dict(_mapping(body, f"{layer}/{name}")))
    _fill_in_hashes(tree)
    return tree


def build_file(path: str | Path) -> Tree:
    """The tree of a text-form deposition in a file."""
    try:
        return build(given.content(path).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise SchemaError(str(path), error, "text in UTF-8") from error


def _root(document: Mapping[str, Any]) -> dict[str, Any]:
    layers = (*ROOT_KEYS, "landmarks")
    return {"format_version": FORMAT_VERSION, **{k: v for k, v in document.items() if k not in layers}}


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return _mapping(document.get(name) or {}, name)


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SchemaError(where, f"{value!r:.80}", "a mapping")
    return value


def array(name: str, value: Any, where: str) -> np.ndarray:
    """A nested list, or {dtype, data}, as an array; the data type follows from the name unless stated."""
    stated = None
    if isinstance(value, Mapping):
        stated, value = value.get("dtype"), value.get("data")
        if stated is not None and stated not in metadata.DTYPES:
            raise SchemaError(f"{where}#/dtype", stated, "one of " + ", ".join(metadata.DTYPES))
    dtype = np.dtype(stated or DTYPES.get(name, np.float64))
    try:
        if not isinstance(value, Sequence | np.ndarray) or isinstance(value, str):
            raise ValueError(f"{value!r:.80} where a list is due")
        numbers = value if isinstance(value, np.ndarray) else _numbers(value, dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            made = np.array(numbers, dtype)
        _check_kept(np.array(numbers, object) if dtype.kind in "iu" else np.array(numbers), made)
        return made
    except (TypeError, ValueError, OverflowError) as error:
        raise SchemaError(where, error, "a rectangular list of numbers") from error


def _check_kept(given: np.ndarray, made: np.ndarray) -> None:
    """[TXT-8] Refuse what the data type cannot hold: fractions and beyond the range."""
    if made.dtype.kind == "f":
        if given.dtype.kind not in "biuf" or np.any(np.isinf(made) & np.isfinite(given)):
            raise ValueError(f"a number beyond the range of {made.dtype.name}")
    elif not np.array_equal(made, given):
        raise ValueError(f"another number than {made.dtype.name} can hold")


def _numbers(value: Any, dtype: np.dtype) -> Any:
    """Nested lists with their numbers; true and false only for bool, of texts only NaN and infinities."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_numbers(v, dtype) for v in value]
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, str) and value in NON_NUMBERS:
        return NON_NUMBERS[value]
    if isinstance(value, bool | np.bool_) != (dtype.kind == "b") or not isinstance(value, int | float | np.generic):
        raise ValueError(f"{value!r:.80} where {dtype.name} is due")
    return value


def table(columns: Mapping[str, Any], where: str) -> Table:
    """The columns of a table; lists of text stay lists."""
    made = {name: _column(name, values, f"{where}/{name}") for name, values in columns.items()}
    lengths = {name: len(values) for name, values in made.items()}
    if len(set(lengths.values())) > 1:
        raise SchemaError(where, str(lengths), "columns of one length")  # TXT-19
    return made


def _column(name: str, values: Any, where: str) -> Any:
    if isinstance(values, list) and name in ("label", "source", "parent"):
        return [_text(v, where) for v in values]
    made = array(name, values, where)
    if made.ndim != 1:
        raise SchemaError(where, f"{made.ndim} dimensions", "a number a row")
    return made


def _text(value: Any, where: str) -> str:
    """[TXT-17] A text; an integer becomes its digits, what else YAML does not read as text has to be quoted."""
    if isinstance(value, str) or isinstance(value, int | np.integer) and not isinstance(value, bool):
        return str(value)
    raise SchemaError(where, f"{value!r:.80}", "text, in quotation marks where YAML would read something else")


def encode_text(values: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Codes (n,) int32 into a vocabulary in ascending order of UTF-8 bytes that holds only what is used."""
    words = sorted(set(values), key=lambda w: w.encode())
    place = {w: k for k, w in enumerate(words)}
    return np.array([place[v] for v in values], np.int32), words


def _hierarchy(tree: dict[str, Group], section: Mapping[str, Any]) -> None:
    for name in COLUMN_TABLES:
        if name in section:
            tree[f"hierarchy/{name}"] = _columns(name, dict(_mapping(section[name], f"hierarchy/{name}")))
    for name, body in _mapping(section.get("assemblies") or {}, "hierarchy/assemblies").items():
        where = f"hierarchy/assemblies/{name}"
        tree[where] = _split(body, ("operators", "operator", "chain"), where)
    if "ncs" in section:
        tree["hierarchy/ncs"] = _split(section["ncs"], ("operators",), "hierarchy/ncs")
    rest = {k: v for k, v in section.items() if k not in (*COLUMN_TABLES, "assemblies", "ncs")}
    if rest:
        tree["hierarchy"] = Group(rest)


def _columns(table_name: str, columns: dict[str, Any]) -> Group:
    where = f"hierarchy/{table_name}"
    vocabularies = dict(_mapping(columns.pop("vocabularies", {}), f"{where}#/vocabularies"))
    size = len(next((v for v in map(_data, columns.values()) if isinstance(v, list | np.ndarray)), []))
    if table_name == "atoms":
        columns.setdefault("atom_id", list(range(1, size + 1)))
        columns.setdefault("charge", [0] * size)
        if isinstance(element := _data(columns.get("element")), list):
            numbers = [_element(e, where) for e in element]
            stated = columns["element"]
            columns["element"] = {**stated, "data": numbers} if isinstance(stated, Mapping) else numbers
    if table_name == "residues":
        columns.setdefault("ins", [""] * size)
    arrays = {}
    for name, values in columns.items():
        if name in TEXT_COLUMNS.get(table_name, ()) and isinstance(values, list) and name not in vocabularies:
            arrays[name], vocabularies[name] = encode_text([_text(v, f"{where}/{name}") for v in values])
        else:
            arrays[name] = array(name, values, f"{where}/{name}")
    return Group({"vocabularies": vocabularies} if vocabularies else {}, arrays)


def _data(column: Any) -> Any:
    """What stands in a column, with its type stated or without."""
    return column.get("data") if isinstance(column, Mapping) else column


def _element(value: Any, where: str) -> int:
    if isinstance(value, str):
        if value not in ELEMENTS:
            raise SchemaError(f"{where}/element", value, "an element symbol or an atomic number")
        return ELEMENTS.index(value)
    return value


def _split(body: Mapping[str, Any], names: Sequence[str], where: str) -> Group:
    """A group whose arrays stand beside its attributes."""
    body = _mapping(body, where)
    arrays = {n: array(n, body[n], f"{where}/{n}") for n in names if n in body}
    return Group({k: v for k, v in body.items() if k not in arrays}, arrays)


def _payload(name: str, body: Mapping[str, Any], where: str) -> Group:
    """A group whose arrays and tables are listed under their own keys."""
    body = _mapping(body, where)
    given = {part: _mapping(body.get(part) or {}, f"{where}#/{part}") for part in ("arrays", "tables")}
    rest = {k: v for k, v in body.items() if k not in given}
    arrays = {n: array(n, v, f"{where}/{n}") for n, v in given["arrays"].items()}
    tables = {n: table(_mapping(v, f"{where}/{n}"), f"{where}/{n}") for n, v in given["tables"].items()}
    if where.startswith("descriptors/"):
        rest = {"id": name, **rest}
    return Group(rest, arrays, tables)


def _body(document: dict[str, Any], where: str) -> Group:
    import hashlib

    try:
        content = base64.b64decode(document.pop("body", ""), validate=True)
    except (TypeError, ValueError) as error:
        raise SchemaError(f"{where}/body", error, "base64") from error
    document.setdefault("sha256", hashlib.sha256(content).hexdigest())
    return Group(document, {"body": np.frombuffer(content, np.uint8)})


def _fill_in_hashes(tree: dict[str, Group]) -> None:
    """Pin operators, references and inputs that the author left open."""
    for path, group in tree.items():
        if not path.startswith(("descriptors/", "landmarks/")):
            continue
        document = dict(group.attributes)
        for key in ("operator", "assignment"):
            if isinstance(document.get(key), Mapping):
                document[key] = _pinned(tree, document[key])
        derived = document.get("derived_from")
        if isinstance(derived, Mapping) and isinstance(derived.get("operator"), Mapping):
            document["derived_from"] = {**derived, "operator": _pinned(tree, derived["operator"])}
        reference = document.get("reference")
        if isinstance(reference, Mapping) and "hash" not in reference:
            pinned = _reference_hash(tree, document)
            document["reference"] = {**reference, **({"hash": pinned} if pinned else {})}
        tree[path] = Group(document, group.arrays, group.tables)
    _pin_inputs(tree)


def _pinned(tree: Tree, operator: Mapping[str, Any]) -> dict[str, Any]:
    """An operator with the hash of its entry, in the registry or beside its body; left as it is where there is none."""
    from polystate_schemas.registry import KEYS, content_hash, entries

    name, uri = operator.get("id"), operator.get("uri")
    if "hash" in operator or not isinstance(name, str):
        return dict(operator)
    if name in entries():
        return {**operator, "hash": entries()[name].hash}
    carried = tree[uri].attributes.get("entry") if isinstance(uri, str) and uri in tree else None
    if isinstance(carried, Mapping) and all(key in carried for key in KEYS):
        return {**operator, "hash": content_hash(carried)}
    return dict(operator)


def _pin_inputs(tree: dict[str, Group]) -> None:
    """Fill in the digests of inputs of derived descriptors, those that others are derived from first."""
    from polystate.store.digest import partial_digest

    def open_inputs(path: str) -> list[str]:
        derived = tree[path].attributes.get("derived_from") if path in tree else None
        listed = derived.get("inputs") if isinstance(derived, Mapping) else None
        if not isinstance(listed, list):
            return []
        return [i["path"] for i in listed if _is_open(i)]

    waiting = [p for p in tree if p.startswith("descriptors/") and open_inputs(p)]
    while waiting:
        ready = [p for p in waiting if not any(open_inputs(i) for i in open_inputs(p))]
        for path in ready or waiting[:1]:  # a circle is for validation to refuse
            group = tree[path]
            derived = group.attributes["derived_from"]
            listed = [{**i, "hash": partial_digest(tree, i["path"])} if _is_open(i) else i for i in derived["inputs"]]
            document = {**group.attributes, "derived_from": {**derived, "inputs": listed}}
            tree[path] = Group(document, group.arrays, group.tables)
        waiting = [p for p in waiting if p not in (ready or waiting[:1])]


def _is_open(listed: Any) -> bool:
    """Whether an input names a path and no hash; what is none is for validation to refuse."""
    return isinstance(listed, Mapping) and isinstance(listed.get("path"), str) and "hash" not in listed


def _reference_hash(tree: Tree, document: Mapping[str, Any]) -> str | None:
    from polystate.store.digest import reference_hash

    try:
        dep = Judged(tree)
        labels, _ = dep.scope_labels(_mapping(document.get("scope", {}), "scope"))
        return reference_hash(dep.x_ref[labels >= 0])
    except PolystateError:  # what is wrong with the scope is for validation to say
        return None
