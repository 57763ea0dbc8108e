"""Slips of one expression that an independent planting found to pass every case."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

EVALUATE = "polystate.evaluation.evaluate"
REQUEST = "polystate.evaluation.request"
RULES = "polystate.rules"


@fault("truth-filled-with-false", "polystate.store.metadata:fill_value", "read")
def _(original):
    """Missing chunks of truth values are false, whatever the fill value."""
    return lambda value, dtype: dtype.type(0) if dtype.kind == "b" else original(value, dtype)


@fault("hidden-anywhere", "polystate.store.sources:DirectorySource.keys", "read", "validate")
def _(original):
    """What is called by a name that begins with a period is left out in every folder."""
    return edited("if not prefix and is_of_machine(key):", "if is_of_machine(entry.name):")(original)


@fault("nulls-of-texts-pass", "polystate.store.tables:_column", "validate")
def _(original):
    """Nulls are looked for among numbers alone."""
    return edited("if column.null_count:", "if column.null_count and not pa.types.is_string(column.type):")(original)


@fault("columns-of-16-bits-undigested", "polystate.store.digest:is_known", "validate")
def _(original):
    """Columns of 16 bits have no line in the digest."""
    return lambda column: original(column) and "int16" not in str(getattr(column, "dtype", ""))


@fault("digest-lines-by-parts", "polystate.store.digest:_hash", "validate")
def _(original):
    """Lines are in order of the parts of their paths."""
    return edited("line[0].encode()", 'line[0].encode().split(b"/")')(original)


@fault("nan-of-32-bits-as-stored", "polystate.store.digest:_array_line", "validate")
def _(original):
    """A NaN of 32 bits is hashed as it is stored."""
    return edited('values.dtype.kind == "f"', 'values.dtype.name == "float64"')(original)


@fault("labels-of-nodes-repeat", f"{RULES}.groupings:grouping_errors", "validate")
def _(original):
    """Of labels that are nodes two may be equal."""
    return edited('np.asarray(stored.get("label", [])).tolist()', "[]")(original)


@fault("scope-kind-unjudged", f"{RULES}.groupings:grouping_errors", "validate")
def _(original):
    """A grouping of kind heterogeneity_scope may have a child twice."""
    return edited('kind in ("partition", "heterogeneity_scope")', 'kind == "partition"')(original)


@fault("nulls-in-objects-absent", "polystate.model.descriptor:without_nulls", "validate")
def _(original):
    """A key whose value is null counts as absent in the objects of a document too."""

    def without(value):
        return {k: without(v) for k, v in value.items() if v is not None} if isinstance(value, dict) else value

    return lambda document: original(without(document))


@fault("absent-of-other-sites", f"{RULES}.states:_sparse_errors", "validate")
def _(original):
    """The atoms of absent may be of another site than their row."""
    return edited("!= site[kept]]", '!= site[kept] if table == "deltas" else []]')(original)


@fault("tiny-row-is-zero", f"{RULES}.states:_sparse_errors", "validate")
def _(original):
    """A difference below 1e-12 Å counts as zero."""
    return edited("(moved == 0)", "(abs(moved) < 1e-12)")(original)


@fault("occupancy-conditions-unjudged", f"{RULES}.states:condition_errors", "validate")
def _(original):
    """Conditions of the table occupancy need no row."""
    return edited('("states", "occupancy")', '("states",)')(original)


@fault("sites-before-ids", "polystate.states.scope_dag:ScopeDag._sort_by_depth", "discrete")
def _(original):
    """Variables of one depth are in order of site, then of id."""
    return edited('np.argsort(depth, kind="stable")', "np.lexsort((self.table, self.site, depth))")(original)


@fault("independent-while-another", f"{RULES}.states:_independence_errors", "validate")
def _(original):
    """An independent descriptor may be active under the states of another."""
    rows = "{c.variable for condition in dag.rows(v).condition for c in condition or ()}"
    return edited("dag.parents(v)", rows)(original)


@fault("levels-as-named", f"{REQUEST}:chosen_levels", "gaussian")
def _(original):
    """Levels that a request names stand in the order in which it names them."""
    return edited("[d for d in found if d.id in set(levels)]", "[known[name] for name in levels]")(original)


@fault("overlap-of-what-always-acts", f"{RULES}.mean:transform_errors", "validate")
def _(original):
    """Groups of transforms are compared where both always act."""
    return lambda dep, found: original(dep, [d for d in found if d.active_when == -1])


@fault("lost-atoms-in-scope", f"{RULES}.descriptors:_outside_errors", "validate", "gaussian")
def _(original):
    """An atom that a superset lacks is looked up as the last one of the scope."""
    return edited("np.flatnonzero(rows >= 0)", "np.arange(len(rows))")(original)


@fault("norm-squared", f"{RULES}.mean:errors", "validate")
def _(original):
    """The square of the norm of a quaternion is held against 1."""
    return edited("axis=-1)", "axis=-1) ** 2")(original)


@fault("counted-twice-by-adps-alone", f"{RULES}.covariance:adp_errors", "validate")
def _(original):
    """Total ADPs are refused beside other ADPs, not beside groups and modes."""
    return lambda dep, found: original(dep, [d for d in found if d.procedure.placed == "rows"])


@fault("normalised-in-angstrom", f"{RULES}.covariance:tls_errors", "validate")
def _(original):
    """The tolerance of a normalised row is one of its U in Å²."""
    return edited("np.abs(mean - 1) >", "np.abs(tls[:, 20] * (mean - 1)) >")(original)


@fault("screw-of-no-amplitude", f"{RULES}.covariance:tls_errors", "validate")
def _(original):
    """Of a row of amplitude 0 T and L are looked at, not S."""
    return edited("(tls[:, :20] != 0)", "(tls[:, :12] != 0)")(original)


@fault("derivations-unwarned", "polystate.rules.doubtful:pins", "validate")
def _(original):
    """An unknown operator of a derivation gives no warning."""
    return lambda tree: (pin for pin in original(tree) if "derived_from" not in pin.where)


@fault("keys-apart-by-table", f"{RULES}.states:draw_key_errors", "validate")
def _(original):
    """Draw keys of variables and of latent components are held apart."""
    return edited('d.column(table, "draw_key").tolist()', '[(k, table) for k in d.column(table, "draw_key")]')(original)


@fault("booleans-are-numbers", f"{RULES}.operators:_is_of_type", "registry")
def _(original):
    """True and false pass for the whole numbers 1 and 0."""
    return edited("isinstance(value, bool)", "False")(original)


@fault("labels-override-states", f"{REQUEST}:axis_states", "axes", "sampling-exact")
def _(original):
    """The label of a step silently takes the place of a state that is given."""
    return edited("named.pop(key, label) != label", "named.pop(key, label) != label and bundle is not None")(original)


@fault("none-explains-all", "polystate.model.descriptor:Descriptor.offset", "validate", "displacement")
def _(original):
    """Any offset, of the kind none too, explains a reference with another hash."""
    from functools import cached_property

    wrong = edited("if pinned is not None:", 'if pinned is not None and "offset" not in reference:')
    made = cached_property(wrong(original.func))
    made.__set_name__(None, "offset")
    return made


@fault("groupings-are-one-scope", f"{RULES}.derivation:_scope_key", "validate")
def _(original):
    """Scopes that are groupings count as one."""
    return lambda scope: original(scope).partition("|")[2]


@fault("rows-of-length-one", f"{RULES}.mean:offset_errors", "validate")
def _(original):
    """A rotation is a matrix whose rows have the length 1."""
    return edited("rotation @ rotation.T - np.eye(3)", "np.diag(rotation @ rotation.T) - 1")(original)


@fault("blocks-by-their-first-part", f"{RULES}.derivation:_changed", "validate")
def _(original):
    """Of what a block describes the first part is looked at."""

    def wrong(tree, where, listed):
        return original(tree, where, list(listed)[:1] if where.startswith("provenance/") else listed)

    return wrong


@fault("twenty-neighbours-refused", "polystate.states.counting:eliminate", "discrete", "validate")
def _(original):
    """Counting ends at 20 neighbours, not above them."""
    return edited("if degree > MAX_WIDTH:", "if degree >= MAX_WIDTH:")(original)


@fault("pickle-of-protocol-five", f"{RULES}.operators:is_pickle", "validate")
def _(original):
    """A pickle of protocol 5 is none."""
    return lambda content: original(content) and content[:2] != b"\x80\x05"


@fault("pickles-by-whole-name", "polystate.artifacts.bodies:is_pickle", "validate")
def _(original):
    """A zip file is a pickle where an entry is called data.pkl, not where its name ends so."""
    return edited('n.endswith("data.pkl")', 'n.rpartition("/")[2] == "data.pkl"')(original)


@fault("warnings-by-place", "polystate.deposition:Deposition.indefinite_atoms", "gaussian")
def _(original):
    """A warning names the place of an atom among those that are asked for."""
    return edited("[chosen_rows(self, atoms)]", "")(original)


@fault("mismatch-by-ratio", f"{RULES}.derivation:_difference", "validate")
def _(original):
    """Floats may differ by 1e-9 of themselves, also where they are below 1."""
    return edited("np.maximum(1.0, np.abs(made))", "np.abs(made)")(original)


@fault("mean-in-order-of-its-input", "polystate.model.derivation:_averaged", "validate")
def _(original):
    """A computed mean has its atoms in the order of its input."""
    return edited('np.argsort(rows, kind="stable")[np.count_nonzero(rows < 0) :]', "np.flatnonzero(rows >= 0)")(
        original
    )


@fault("free-key-below-the-smallest", "polystate.model.derivation:free_draw_key", "sampling-exact")
def _(original):
    """A computed variable takes the next draw key below all that are there."""
    return edited("key = LAST_KEY", "key = min(taken, default=LAST_KEY + 1) - 1")(original)


@fault("one-layer-not-affine", "polystate.evaluation.latents:is_affine", "moments")
def _(original):
    """A decoder of one layer is refused for its activation, which it does not use."""
    return edited("layers(d.group.arrays) == 1 or", "")(original)


@fault("never-there-in-the-first", "polystate.evaluation.moments:_Sums._one_key", "moments")
def _(original):
    """An atom that is never there has the moments of the first state."""
    return edited("weight * there, weight)", "weight * there, np.eye(len(weight), 1))")(original)


@fault("last-fraction-alone", "polystate.operators.symmetry.space_group_v1:operation", "registry")
def _(original):
    """Of several numbers in a part of a triplet the last is taken."""
    return edited("total += value", "total = value")(original)


@fault("structure-of-the-last-model", "polystate_tools.formats.mmtf.validate:_first_model_groups", "mmtf")
def _(original):
    """Secondary structure may be given for the last model alone."""
    return edited("int(per_model[0])", "int(per_model[-1])")(original)


@fault("bytes-without-their-smallest", "polystate_tools.formats.mmtf.codecs:runs_narrow", "mmtf")
def _(original):
    """-128 is no number of 8 bits."""
    return lambda pairs, limits, where, k, out: original(pairs, (max(limits[0], -127), limits[1]), where, k, out)


@fault("matrices-of-three-rows", "polystate_tools.formats.mmtf.objects:floats", "mmtf")
def _(original):
    """A matrix without its last row passes."""
    return edited("if len(value) != length:", "if len(value) not in (length, 12):")(original)


@fault("charges-of-one-octet", "polystate_tools.formats.mmtf.groups:_sound", "mmtf")
def _(original):
    """A formal charge is from -8 to 8."""

    def wrong(groups, optional):
        from polystate_tools.formats.mmtf.errors import BadValue

        if any(abs(charge) > 8 for group in groups for charge in group.get("formalChargeList", ())):
            raise BadValue("groupList", "a charge beyond 8", "from -8 to 8")
        return original(groups, optional)

    return wrong


@fault("models-sum-exactly", "polystate_tools.formats.building.model_weights:ModelWeights.of_file", "exchange")
def _(original):
    """Occupancies of models sum to 1 within the rounding of one of them."""
    from polystate_tools.formats.building.model_weights import ModelWeights

    return classmethod(edited("ROUNDING * n_models + EXACT", "ROUNDING + EXACT")(ModelWeights.of_file.__func__))


@fault("neighbours-at-any-distance", "polystate_tools.formats.building.sites:_bonded", "exchange")
def _(original):
    """Residues whose numbers follow each other are bonded, however far they are apart."""
    return edited("float(apart @ apart) < LINK_DISTANCE**2", "True")(original)


@fault("one-place-of-one-exactly", "polystate_tools.formats.building.overlap:exclusive", "exchange")
def _(original):
    """Alternates in one place exclude each other where their occupancies sum to 1 or less, without a rounding."""
    return edited("<= WHOLE", "<= 1")(original)


@fault("zero-with-the-others", "polystate_tools.formats.building.sites:partial_sites", "exchange")
def _(original):
    """Atoms of occupancy 0 are there together with the partial ones of their residue."""
    return edited("layout.records.occupancy[rows] == 0", "layout.records.occupancy[rows] < 0")(original)


@fault("one-of-the-atomic", "polystate_tools.formats.unbuilding.gaussian:adps_of_records", "exchange")
def _(original):
    """Of several descriptors of the level atom one gives the B-factor."""
    return edited("np.where(np.isnan(b[at]), values, b[at] + values)", "values")(original)


@fault("atomic-by-operator", "polystate_tools.formats.unbuilding.gaussian:is_atomic", "exchange")
def _(original):
    """ADPs are the level atom, whatever their scope, and nothing else is."""
    return lambda d: (d.operator or "").endswith("adp_v1")


@fault("refuses-whatever-is-no-adp", "polystate_tools.formats.unbuilding.gaussian:levels_of", "exchange")
def _(original):
    """The policy refuse looks for descriptors that are no ADPs, not for a second one."""
    return edited("len(levels) > 1", "others")(original)


@fault("index-2-64-passes", "polystate.evaluation.rendering:_draw_of_step", "sampling-exact")
def _(original):
    """A draw index of exactly 2^64 passes, as 0."""

    def wrong(draw, total, k):
        whole = draw.index * total + k == 1 << 64
        return type(draw)(draw.seed, 0) if whole else original(draw, total, k)

    return wrong


@fault("full-digest-without-remarks", "polystate.store.digest:digest", "validate")
def _(original):
    """The full digest covers provenance, not annotations."""
    return lambda tree, full=False: original({p: g for p, g in tree.items() if not p.startswith("annotations/")}, full)


@fault("inputs-are-groups", f"{RULES}.derivation:_changed", "validate")
def _(original):
    """An input that is an array counts as one that is gone."""
    return edited(
        'partial_digest(tree, entry["path"])', 'entry["path"] in tree and partial_digest(tree, entry["path"])'
    )(original)


@fault("ncs-may-be-any-matrix", f"{RULES}.hierarchy:_affine_errors", "validate")
def _(original):
    """Operators of assemblies are judged, those of NCS are not."""
    return lambda where, operators: () if where.startswith("hierarchy/ncs") else original(where, operators)


@fault("code-in-any-name", "polystate.artifacts.bodies:is_pickle", "validate")
def _(original):
    """A zip is no pickle where any name in it has the word code."""
    return edited('"code" in n.split("/")[:-1]', '"code" in n')(original)


@fault("sources-of-any-case", f"{RULES}.payloads:table_errors", "validate")
def _(original):
    """Words of a list are compared in small letters."""
    return edited('if v not in about["values"]]', 'if v.lower() not in about["values"]]')(original)


@fault("parts-by-id", "polystate.evaluation.evaluate:gaussian_levels", "moments")
def _(original):
    """Levels are in order of their ids."""
    return lambda dep: sorted(original(dep), key=lambda d: d.id.encode())


@fault("levels-unturned", f"{EVALUATE}:covariance", "displacement")
def _(original):
    """Transforms turn the sum of the levels, not each of them."""
    return edited("in transforms(request):", "in () if by_level else transforms(request):")(original)


@fault("inactive-levels-left-out", f"{EVALUATE}:covariance", "gaussian")
def _(original):
    """A covariance by level has no array for a level that is not active."""

    def wrong(request, levels=None, by_level=False):
        u = original(request, levels, by_level)
        chosen = gaussian_levels(request.dep) if levels is None else levels
        return u[[is_in_force(d, request) for d in chosen]] if by_level else u

    from polystate.evaluation.evaluate import gaussian_levels, is_in_force

    return wrong


@fault("no-conflict-where-absent", f"{EVALUATE}:mean", "axes", "displacement")
def _(original):
    """A second source that marks an atom absent does not cover it."""
    return edited("source[at] >= 0)", "(source[at] >= 0) & ~np.isin(at, absent(d, request)))")(original)


@fault("label-of-none", f"{RULES}.groupings:grouping_errors", "validate")
def _(original):
    """A label -1 passes, as if it were none."""
    return edited("dep.hierarchy.size(level))", "dep.hierarchy.size(level), True)")(original)


@fault("decoder-acts-always", f"{EVALUATE}:is_in_force", "decoder")
def _(original):
    """A decoder acts whatever its condition."""
    return edited("bool(condition_holds", 'bool(d.procedure.placed == "decoder" or condition_holds')(original)


@fault("labels-under-conditions-drawn", "polystate.evaluation.averaging:_labels", "moments")
def _(original):
    """Labels of a descriptor that acts under a condition do not follow the steps."""
    return edited("not d.is_discrete or", "not d.is_discrete or d.active_when != -1 or")(original)
