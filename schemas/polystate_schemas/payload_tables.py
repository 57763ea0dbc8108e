"""Read the arrays and tables of every payload out of the LinkML annotations (development only)."""

from __future__ import annotations

from typing import Any


def payloads(view) -> dict[str, Any]:
    """Kind of payload to its arrays and tables, as `payload.json` holds them."""
    found = {}
    for name, cls in view.all_classes().items():
        if "payload" in cls.annotations:
            found[_value(cls, "payload")] = _payload(view, name, cls)
    return dict(sorted((found | _of_entries(found)).items()))


def _of_entries(found: dict[str, Any]) -> dict[str, Any]:
    """Payloads of operators that no class names: those of rows, one a record, are told by the signature of the entry.

    They are like isotropic B-factors, with the inputs of the operator, all of R rows, in the place of `b`."""
    from polystate_schemas.registry import entries

    named = {operator for payload in found.values() for operator in payload.get("operators", [])}
    rows, made = found["iadp"], {}
    for id, entry in entries().items():
        inputs = entry.document["signature"]["inputs"]
        if id in named or entry.subcase != "parametric_gaussian" or any(item["shape"][0] != "R" for item in inputs):
            continue
        own = {
            item["name"]: {
                "dtypes": [item["dtype"]], "required": not item.get("optional"), "description": item["description"],
                "unit": item["unit"], "shapes": [item["shape"]],
            }
            for item in inputs
        }  # fmt: skip
        shared = {name: column for name, column in rows["arrays"].items() if name != "b"}
        description = f"One row a record, for `{id}`."
        made[id.rpartition("/")[2]] = rows | {"arrays": shared | own, "operators": [id], "description": description}
    return made


def _payload(view, name: str, cls) -> dict[str, Any]:
    """One payload class: where it stands, whose it is, its arrays and its tables."""
    entry: dict[str, Any] = {"description": cls.description or "", "arrays": {}, "tables": {}}
    for key in ("path", "rows", "regime", "mode"):
        if key in cls.annotations:
            entry[key] = _value(cls, key)
    if "operators" in cls.annotations:
        entry["operators"] = _value(cls, "operators").split(",")
    if cls.abstract:
        entry["abstract"] = True
    entry["required"] = bool("required" in cls.annotations and cls.annotations["required"].value)
    entry.update(_order(cls))
    classes = view.all_classes()
    for slot in view.class_induced_slots(name):
        if slot.range in classes and "table" in classes[slot.range].annotations:
            entry["tables"][str(slot.name)] = _table(view, slot, classes[slot.range])
        else:
            entry["arrays"][str(slot.name)] = _column(view, slot) | {"shapes": shapes(_value(slot, "shape"))}
    return entry


def _table(view, slot, cls) -> dict[str, Any]:
    columns = {str(column.name): _column(view, column) for column in view.class_induced_slots(cls.name)}
    entry = {"description": cls.description or "", "required": bool(slot.required), "columns": columns}
    return entry | _order(cls)


def _order(cls) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    if "sorted_by" in cls.annotations:
        entry["sorted_by"] = _value(cls, "sorted_by").split(",")
    if cls.unique_keys:
        entry["unique"] = [[str(s) for s in key.unique_key_slots] for key in cls.unique_keys.values()]
    return entry


def _column(view, slot) -> dict[str, Any]:
    """Data types, range and meaning of one array or column."""
    entry: dict[str, Any] = {
        "dtypes": _value(slot, "dtype").split("|"),
        "required": bool(slot.required),
        "description": slot.description or "",
    }
    if slot.unit is not None:
        entry["unit"] = slot.unit.symbol
    for key, bound in (("minimum", slot.minimum_value), ("maximum", slot.maximum_value)):
        if bound is not None:
            entry[key] = bound
    if slot.range in view.all_enums():
        entry["values"] = [str(value) for value in view.get_enum(slot.range).permissible_values]
    for key in ("vocabulary", "refers_to"):
        if key in slot.annotations:
            entry[key] = _value(slot, key)
    for key in ("none", "nan", "unique"):
        if key in slot.annotations:
            entry[key] = True
    return entry


def shapes(text: str) -> list[list[str | int]]:
    """The shapes that a text such as `[T,]G,24` allows: [["G", 24], ["T", "G", 24]]."""
    if text.startswith("["):
        optional, rest = text[1:].split("]")
        return shapes(rest) + [shapes(optional.rstrip(","))[0] + shapes(rest)[0]]
    return [[int(part) if part.isdigit() else part for part in text.split(",")]]


def _value(element, key: str) -> str:
    return str(element.annotations[key].value)
