"""Slips of one expression that an independent planting found one case to catch: each has a second, of another shape."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

BUILDING = "polystate_tools.formats.building"
MMTF = "polystate_tools.formats.mmtf.validate"
RULES = "polystate.rules"


@fault("columns-of-one-name", "polystate.store.tables:read_table", "read", "validate")
def _(original):
    """Of two columns of one name the last is read."""
    return edited("len(columns) != len(names)", "False")(original)


@fault("layers-beyond-a-gap", "polystate.operators.neural_decoder.mlp_v1:layers", "decoder", "moments")
def _(original):
    """Layers are counted, whether or not their numbers follow each other."""
    return lambda arrays: sum(name[0] == "w" and name[1:].isdigit() for name in arrays)


@fault("labels-before-their-bundle", f"{RULES}.axes:shared_axis_errors", "validate", "axes")
def _(original):
    """Labels along the axis of a bundle are refused where they stand after it."""
    return edited("and d.axis in axes:", "and d.axis in axes and axes[d.axis] < d.id:")(original)


@fault("one-warning", "polystate.deposition:Deposition.indefinite_atoms", "gaussian")
def _(original):
    """The first atom whose covariance no motion has is warned of, and no further one."""
    return lambda self, u, atoms=None: original(self, u, atoms)[:1]


@fault("fractions-of-a-step-cut", "polystate_conformance.implementations.reference:_numbers", "axes", "sampling-exact")
def _(original):
    """A step that is no whole number is cut to one."""
    return lambda steps: {name: int(step) for name, step in steps.items()}


@fault("adps-outside-a-scope", f"{RULES}.descriptors:_content_errors", "validate")
def _(original):
    """Rows of ADPs may name atoms outside of the scope."""
    return edited('if d.has("atom_id"):', 'if d.has("atom_id") and d.procedure.placed != "rows":')(original)


@fault("artifact-in-our-frame", "polystate.evaluation.evaluate:absolute", "external", "moments")
def _(original):
    """Frames of an artifact are taken as they are, whatever the offset."""
    ours = 'xyz if d.regime == "trajectory" and d.mode == "C" else d.from_fitted(xyz)'
    return edited("d.from_fitted(xyz)", ours)(original)


@fault("presence-whatever-the-state", "polystate.evaluation.contributions:Contributions._enter_motion", "moments")
def _(original):
    """Atoms that a trajectory lacks are absent in the states too in which it does not act."""
    return edited("own, there, True)", "own, there)")(original)


@fault("u-times-the-sum", "polystate.states.joint:States._pick", "sampling-exact")
def _(original):
    """The cumulated populations are held against u times their sum, not divided by it."""
    return edited("cumulated / cumulated[-1], u,", "cumulated, u * cumulated[-1],")(original)


@fault("place-in-the-last-model", f"{BUILDING}.bundles:Bundle.first", "exchange")
def _(original):
    """The reference has an atom where it is in the last model that has it."""
    return property(lambda self: self.record.max(axis=0))


@fault("letters-of-one-case", f"{BUILDING}.sites:_site", "exchange")
def _(original):
    """Alternates whose letters differ in case are one state."""
    read = "layout.records.altloc.take(rows).tolist()"
    return edited(read, f"[letter.upper() for letter in {read}]")(original)


@fault("b-of-a-million", f"{BUILDING}.checks:_in_range", "exchange")
def _(original):
    """B-factors are bounded as coordinates are."""
    return edited("LARGEST_B", "LARGEST")(original)


@fault("entities-of-any-chain", f"{MMTF}:_chain_indices", "mmtf")
def _(original):
    """Entities may name chains that do not exist."""
    return edited('_in_chains(entity, n, f"entityList[{i}]")', "pass")(original)


@fault("chains-in-no-model", f"{MMTF}:check", "mmtf")
def _(original):
    """The chains of the models need not sum to the chains."""
    return edited('_adds_up("chainsPerModel"', 'False and _adds_up("chainsPerModel"')(original)


@fault("landmarks-from-the-beginning-of-a-name", f"{RULES}.operators:assignment_errors", "validate")
def _(original):
    """Landmarks may name the beginning of the name of a block."""
    begins = 'not any(name.startswith(f"provenance/{block}") for name in dep.tree)'
    return edited('f"provenance/{block}" not in dep.tree', begins)(original)


@fault("tables-of-bytes-of-any-type", "polystate.store.tables:read_table", "validate")
def _(original):
    """A table may be an array of any type of one byte."""
    return edited("values.dtype != np.uint8", "values.dtype.itemsize != 1")(original)


@fault("a-lone-state-needs-no-population", "polystate.states.joint:States._pick", "sampling-exact")
def _(original):
    """The only available state of a variable is taken, whatever its population."""
    return lambda self, v, weights, u: 0 if len(weights) == 1 else original(self, v, weights, u)


@fault("invalid-written-anew", "polystate_conformance.implementations.reference:_open", "validate")
def _(original):
    """A deposition that is not valid is written anew."""
    return edited("dep.validate(", '() if message["kind"] == "round_trip" else dep.validate(')(original)


@fault("operators-as-many-as-pairs", f"{RULES}.hierarchy:_assembly_errors", "validate")
def _(original):
    """Operators of an assembly are counted by its pairs."""
    return edited('local.get("K", 0)', 'len(tree[path].arrays.get("operator", ()))')(original)


@fault("bonds-with-themselves", f"{RULES}.hierarchy:_bond_errors", "validate")
def _(original):
    """An atom may have a bond with itself."""
    return edited('bonds["atom_a"] >= bonds["atom_b"]', 'bonds["atom_a"] > bonds["atom_b"]')(original)


@fault("parts-and-their-neighbours", "polystate.store.digest:partial_digest", "validate")
def _(original):
    """A part has the lines of all paths that begin as its own."""
    text = "_hash(x for x in _lines(tree, FULL) if x[0].startswith(path))"
    return edited('_hash(x for x in _lines(near, FULL) if x[0] == path or x[0].startswith(path + "/"))', text)(original)


@fault("pickles-by-permission", "polystate.artifacts.bodies:load", "external")
def _(original):
    """Who may run no code does not hear that a body is a pickle."""
    return edited("_refuse_pickle(content, where)", "_refuse_pickle(content, where) if allow_code else None")(original)


@fault("steps-of-axes-in-use", "polystate.evaluation.request:axis_steps", "axes")
def _(original):
    """Steps of an axis that no descriptor has are not judged."""
    used = "any(name in (d.axis, d.document.get('state_axis')) for d in dep.descriptors.values())"
    return edited("axis.step(int(index), where)", f"axis.step(int(index), where) if {used} else int(index)")(original)


@fault("origins-of-the-first-step", "polystate.evaluation.evaluate:bodies", "axes")
def _(original):
    """A rigid body has one origin, that of the first step."""
    first = "tuple(d.array(name)[0] if name == 'origin' and d.axis else on_axis(d, name, request) for name in names)"
    return edited("tuple(on_axis(d, name, request) for name in names)", first)(original)


@fault("pairs-of-other-weights", f"{RULES}.payloads:array_errors", "validate")
def _(original):
    """A pair of child and parent may occur again with another weight."""
    columns = "columns = {name: group.arrays[name] for name in key}"
    weighed = 'key = [*key, "weight"] if "parent" in key and "weight" in group.arrays else key'
    return edited(columns, f"{weighed}\n                {columns}")(original)


@fault("u-turned-by-q-alone", "polystate.evaluation.evaluate:covariance", "gaussian")
def _(original):
    """The U of atoms turns by Q where x turns by R Q R^T."""
    back = (
        "for d, at, turn, _ in transforms(request):\n        turn = turn if d.offset is None else "
        "d.offset[0].T @ turn @ d.offset[0]\n"
    )
    return edited("for _, at, turn, _ in transforms(request):\n", back)(original)


@fault("components-of-what-sleeps", "polystate.evaluation.request:request", "displacement")
def _(original):
    """The number of the components of an inactive descriptor is not judged."""
    awake = (
        "given_components(dep, {n: x for n, x in (components or {}).items() if n not in dep.descriptors"
        " or dep.descriptors[n].active_when == -1"
        " or evaluate.holds(dep.conditions(dep.descriptors[n])[dep.descriptors[n].active_when], joint)})"
    )
    return edited("given_components(dep, components)", awake)(original)


@fault("names-alone-are-malformed", "polystate.store.metadata:_check_codecs", "validate")
def _(original):
    """A codec that is given by its name alone, and not known, is malformed."""
    return edited("if isinstance(codec, str) else codec", "if isinstance(codec, str) and codec in CODECS else codec")(
        original
    )


@fault("assignments-that-nobody-knows", f"{RULES}.operators:assignment_errors", "validate")
def _(original):
    """An assignment that is not in the registry may have any name."""
    old = 'not errors and not operator["id"]'
    return edited(old, 'not errors and operator["id"] in entries() and not operator["id"]')(original)


@fault("atoms-that-are-dropped-are-one", f"{RULES}.states:_both_errors", "discrete")
def _(original):
    """Rows of atoms are compared, of which atoms that are not there have one."""
    ids = """moved = set(zip(*(d.column("deltas", n).tolist() for n in names), strict=True))
    for row, key in enumerate(zip(*(d.column("absent", n).tolist() for n in names), strict=True)):"""
    rows = """def triples(table):
        found = d.rows_of_ids(d.column(table, "atom_id"), "").tolist()
        return zip(d.column(table, "site").tolist(), d.column(table, "state").tolist(), found)
    moved = set(triples("deltas"))
    for row, key in enumerate(triples("absent")):"""
    return edited(ids, rows)(original)


@fault("versions-in-any-script", f"{RULES}.documents:name_errors", "validate")
def _(original):
    """A version may be in digits of any script."""
    return edited("_VERSION.fullmatch(", r're.fullmatch(r"v[1-9]\d*", ')(original)


@fault("modes-of-atoms-by-id", "polystate.evaluation.evaluate:placed", "gaussian")
def _(original):
    """The atoms of modes are taken in ascending order."""
    return edited('return at, None, {"basis"', 'return np.sort(at), None, {"basis"')(original)


@fault("moments-of-clipped-u", "polystate.evaluation.contributions:Contributions._enter_adps", "moments")
def _(original):
    """A negative element of a U enters moments as 0."""
    turned = 'd.turn_covariance(call(d.procedure.operator, {name: values})["u"])'
    return edited(turned, f"np.maximum({turned}, 0)")(original)
