"""Slips about what stands in a store and is not looked at closely: numbers at a bound, rows of none, own arrays."""

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

RULES = "polystate.rules"


@fault("excluded-atoms-lie-still", "polystate.evaluation.evaluate:level_covariance", "gaussian")
def _(original):
    """Atoms that the provenance of a Gaussian calls excluded have no covariance of it."""

    def covariance(d, request):
        u = original(d, request)
        block = request.dep.tree.get(f"provenance/{d.document.get('provenance')}")
        excluded = block.attributes.get("excluded", []) if block is not None else []
        u[np.isin(request.dep.hierarchy.atom_id[request.rows], excluded)] = 0.0
        return u

    return covariance


@fault("a-row-a-step-of-all", f"{RULES}.axes:axis_errors", "validate", "axes")
def _(original):
    """Every array in the group of an axis needs a row a step, known or not."""
    shapes = "any(payloads.shape(dep.tree, f'axes/{name}', own)[:1] != (axis.length,) for own in axis.coordinates)"
    wrong = f"if {shapes}:\n            yield AxisLength(f'axes/{{name}}', 'other rows', 'one a step')"
    return edited("yield from found", f"yield from found\n        {wrong}")(original)


@fault("integers-to-2-53", f"{RULES}.documents:number_errors", "read", "validate")
def _(original):
    """2^53 is taken for the largest integer."""
    return edited("> LARGEST_INTEGER", "> LARGEST_INTEGER + 1")(original)


@fault("root-payload-empty", "polystate.store.reading:StoredTree.__init__", "read", "validate")
def _(original):
    """A root without a payload has an empty one, as other groups do."""
    return edited('self.attributes("").get("polystate")', 'self.attributes("").get("polystate", {})')(original)


@fault("artifact-of-known-references", f"{RULES}.documents:schema_errors", "validate")
def _(original):
    """Only the external references of the registry, and those of venue external, need an artifact."""
    wrong = """for pointer, found, expected in violations(kind, dict(document)):
        operator = document.get("operator") if pointer == "/artifact" else None
        if isinstance(operator, Mapping) and operator.get("venue") != "external":
            from polystate_schemas.registry import entries

            if operator.get("id") not in entries():
                continue"""
    return edited("for pointer, found, expected in violations(kind, dict(document)):", wrong)(original)


@fault("more-weights-pass", f"{RULES}.groupings:grouping_errors", "validate")
def _(original):
    """More weights than children pass, only fewer are noticed."""
    wrong = """sizes))
    if found.weight is not None and len(found.weight) > len(found.child):
        errors = [e for e in errors if e.where != f"{path}/weight" or e.code != "wrong-shape"]"""
    return edited("sizes))", wrong)(original)


@fault("child-of-none", f"{RULES}.groupings:grouping_errors", "validate")
def _(original):
    """A child may be -1 for none, as a row may be elsewhere."""
    size = "dep.hierarchy.size(found.child_level)"
    return edited(size, f"{size}, none=True")(original)


@fault("halves-pass", "polystate.store.metadata:check_array", "read", "validate")
def _(original):
    """float16 is a data type as well."""
    return edited("data_type in DTYPES", 'data_type in (*DTYPES, "float16")')(original)


@fault("acts-as-of-unknown-subcases", f"{RULES}.descriptors:combination_errors", "validate")
def _(original):
    """Only an operator of a subcase that the registry knows is asked whether it may say how it acts."""
    known = "any(entry.subcase == subcase for entry in entries().values())"
    return edited('subcase != "rigid_body"', f'subcase != "rigid_body" and {known}')(original)
