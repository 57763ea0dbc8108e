"""Slips about operators, their bodies and what lies outside: where they stand, what is pinned, how it is written."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

BODIES, LOCATION = "polystate.artifacts.bodies", "polystate.artifacts.location"
TRAJECTORY, UNIT = "polystate.artifacts.trajectory:Trajectory.__init__", "polystate.artifacts.trajectory:length_unit"
PINNED, PARAMETERS = "polystate.rules.operators:operator_errors", "polystate.rules.operators:parameter_errors"
ENTRY, SCHEMA = "polystate.rules.operators:entry_errors", "polystate.rules.documents:schema_errors"
MISFITS = "polystate.rules.operators:misfits"
HASH, VENUE = 'operator.get("hash") != entry.hash', '(venue == "registry") == ("body" in signature)'
OWN = 'operator.get("parameters") or {}'


def unjudged(condition):
    """Documents whose violations are passed over under a condition on `document` and `pointer`."""
    old = "error = UnknownAlgebra if unknown"
    return edited(old, f"if {condition}:\n            continue\n        {old}")


# -- operators that nobody knows -------------------------------------------------------------------------


@fault(
    "unknown-displacement-asked-while-inactive", "polystate.evaluation.evaluate:mean", "displacement", "sampling-exact"
)
def _(original):
    """An unknown operator is asked for what it adds to a mean in every joint state."""
    new = """if any(
        d.operator_unknown and not d.is_gaussian and not d.is_discrete and d.covered[request.rows].any()
        for d in dep.descriptors.values()
    ):
        raise UnknownOperator("descriptors", "an unknown operator", "none")
    sources = list("""
    return edited("sources = list(", new)(original)


@fault(
    "unknown-operator-asked-by-moments-while-inactive",
    "polystate.evaluation.contributions:Contributions._enter",
    "moments",
)
def _(original):
    """Moments ask for an unknown operator in whatever states it acts."""
    return edited("if d.operator_unknown and self._can_act(d) and", "if d.operator_unknown and")(original)


@fault("policy-of-unknown-operators-not-read", "polystate.evaluation.rendering:broadcast_policy", "axes")
def _(original):
    """An unknown Gaussian is sampled along an axis whatever its policy."""
    return lambda d, policies=None: "sample_per_step" if d.operator_unknown else original(d, policies)


@fault(
    "components-for-unknown-operators-pass", "polystate.evaluation.request:_check_components", "displacement", "moments"
)
def _(original):
    """Components for an unknown operator are taken, and used for nothing."""
    return lambda d, given: None if d.operator_unknown else original(d, given)


# -- what is pinned --------------------------------------------------------------------------------------


@fault("hash-of-inline-operators-not-compared", PINNED, "validate", "external")
def _(original):
    """The hash of an operator whose body is in the deposition is taken for that of the body."""
    return edited(f"if {HASH}", f'if operator.get("venue") != "inline" and {HASH}')(original)


@fault("hash-of-external-operators-not-compared", PINNED, "validate", "external")
def _(original):
    """The hash of an operator whose body is outside is taken for that of the file."""
    return edited(f"if {HASH}", f'if operator.get("venue") != "external" and {HASH}')(original)


@fault("body-at-the-venue-registry", PINNED, "validate")
def _(original):
    """An operator that needs a body may have the venue registry."""
    return edited(f"if {VENUE}", 'if venue != "registry" and "body" not in signature')(original)


@fault("trajectory-at-the-venue-registry", PINNED, "validate")
def _(original):
    """A trajectory may have the venue registry, since its artifact stands beside the operator."""
    return edited(f"if {VENUE}", f'if not str(name).startswith("external_reference/") and {VENUE}')(original)


@fault("formula-inline", PINNED, "validate")
def _(original):
    """A formula of the registry may have a body in the deposition."""
    return edited(f"if {VENUE}", f'if venue != "inline" and {VENUE}')(original)


@fault("formula-external", PINNED, "validate")
def _(original):
    """A formula of the registry may have a body outside."""
    return edited(f"if {VENUE}", f'if venue != "external" and {VENUE}')(original)


@fault("hash-of-derivations-not-compared", PINNED, "validate")
def _(original):
    """The hash of the operator of a derivation is not compared."""
    return edited(f"if {HASH}", f'if "derived_from" not in where and {HASH}')(original)


@fault("venue-of-derivations-not-judged", PINNED, "validate")
def _(original):
    """The operator of a derivation may have any venue."""
    return edited(f"if {VENUE}", f'if "derived_from" not in where and {VENUE}')(original)


@fault("parameters-of-derivations-not-judged", PINNED, "validate")
def _(original):
    """The operator of a derivation may have any parameters."""
    return edited(OWN, '("derived_from" not in where and operator.get("parameters")) or {}')(original)


@fault("hash-of-assignments-not-compared", PINNED, "validate")
def _(original):
    """The hash of an assignment is not compared."""
    return edited(f"if {HASH}", f'if "assignment" not in where and {HASH}')(original)


@fault("venue-of-assignments-not-judged", PINNED, "validate")
def _(original):
    """An assignment may have any venue."""
    return edited(f"if {VENUE}", f'if "assignment" not in where and {VENUE}')(original)


@fault("parameters-of-assignments-not-judged", PINNED, "validate")
def _(original):
    """An assignment may have any parameters."""
    return edited(OWN, '("assignment" not in where and operator.get("parameters")) or {}')(original)


@fault("inline-without-uri", SCHEMA, "validate")
def _(original):
    """An inline operator may have no uri."""
    asked = '(document.get("operator") or {}).get("venue") == "inline" and "uri" not in document["operator"]'
    return unjudged(f'{asked} and pointer.startswith("/operator")')(original)


@fault("external-without-uri", SCHEMA, "validate", "external")
def _(original):
    """An external operator may have no uri, since its artifact has one."""
    asked = '(document.get("operator") or {}).get("venue") == "external" and "uri" not in document["operator"]'
    return unjudged(f'{asked} and pointer.startswith("/operator")')(original)


@fault("external-without-artifact", SCHEMA, "validate")
def _(original):
    """An external operator may have no artifact, since it has a uri."""
    return unjudged('(document.get("operator") or {}).get("venue") == "external" and "artifact" not in document')(
        original
    )


@fault("unit-of-zarr-trajectories-optional", SCHEMA, "validate")
def _(original):
    """What a Zarr trajectory says of its unit is not judged."""
    asked = 'str((document.get("operator") or {}).get("id")).startswith("external_reference/zarr")'
    return unjudged(f'{asked} and pointer.startswith("/artifact")')(original)


@fault("unknown-parameter-dropped", PARAMETERS, "registry")
def _(original):
    """A parameter that an operator does not have is dropped where the operator is asked for by itself."""
    return edited(
        "if key not in known:",
        'if key not in known and where == "parameters":\n            continue\n        if key not in known:',
    )(original)


@fault("allowed-values-of-calls-not-compared", PARAMETERS, "registry")
def _(original):
    """A parameter may have any value where the operator is asked for by itself."""
    return edited('elif "allowed" in known[key]', 'elif where != "parameters" and "allowed" in known[key]')(original)


# -- bodies ----------------------------------------------------------------------------------------------


@fault("moments-run-no-code", "polystate.evaluation.averaging:setting", "moments")
def _(original):
    """Moments run no body, whatever the request allows."""
    return edited("allow_code=allow_code", "allow_code=False")(original)


@fault("moments-run-code-unasked", "polystate.evaluation.averaging:setting", "moments")
def _(original):
    """Moments run bodies without asking."""
    return edited("allow_code=allow_code", "allow_code=True")(original)


@fault("torchscript-runs-unasked", f"{BODIES}:load", "external")
def _(original):
    """Permission is asked for ONNX bodies alone."""
    return edited("if not allow_code:", 'if not allow_code and "onnx" in str(d.operator):')(original)


@fault("media-type-of-artifacts-judged", f"{BODIES}:load", "external", "moments")
def _(original):
    """A body outside is refused by the media type of its artifact."""
    new = """media = (d.document.get("artifact") or {}).get("media_type")
    if media is not None and media not in _media_types(entries()[str(d.operator)]):
        raise ArtifactMismatch(f"{d.path}#/artifact", media, "a media type of the entry")
    if not allow_code:"""
    return edited("if not allow_code:", new)(original)


@fault("pickle-from-protocol-3", f"{BODIES}:is_pickle", "validate", "external")
def _(original):
    """A pickle has protocol 3 at least."""
    return edited("2 <= content[1]", "3 <= content[1]")(original)


@fault("second-byte-of-a-pickle-not-there", f"{BODIES}:is_pickle", "validate")
def _(original):
    """A body is taken to have two bytes."""
    return edited("len(content) > 1 and content[0]", "content[0]")(original)


@fault("folder-code-not-in-two-others", f"{BODIES}:is_pickle", "validate")
def _(original):
    """A folder code is looked for at the top and in one folder."""
    return edited('n.split("/")[:-1]', 'n.split("/")[:-1][:2]')(original)


@fault("folder-code-in-another-alone", f"{BODIES}:is_pickle", "validate")
def _(original):
    """A folder code is looked for in another folder, as TorchScript has it."""
    return edited('n.split("/")[:-1]', 'n.split("/")[1:-1]')(original)


@fault("folder-code-without-folders", f"{BODIES}:is_pickle", "validate")
def _(original):
    """A folder code is one with files of its own."""
    return edited('n.split("/")[:-1]', 'n.split("/")[-2:-1]')(original)


@fault("folder-code-by-a-part-of-its-name", f"{BODIES}:is_pickle", "validate")
def _(original):
    """A folder is one of code where its name holds that word."""
    return edited('n.split("/")[:-1]', 'n.rpartition("/")[0]')(original)


@fault("altered-bodies-that-nobody-names", "polystate.rules.operators:body_errors", "validate")
def _(original):
    """The hash of a body is compared where a descriptor names it."""
    return edited("yield error\n        return", "return")(original)


@fault("print-of-carried-entries-compared", ENTRY, "validate")
def _(original):
    """An entry of the registry is one with the same formula for print, too."""
    return edited("known.hash != found:", '(known.hash != found or entry["latex"] != known.document["latex"]):')(
        original
    )


@fault("defaults-of-carried-entries-not-compared", ENTRY, "validate")
def _(original):
    """An entry of the registry may have other defaults."""
    known = 'entries()[entry["id"]].document if entry["id"] in entries() else entry'
    new = f'content_hash({{**entry, "defaults": ({known})["defaults"]}})'
    return edited("content_hash(entry)", new)(original)


@fault("first-vector-alone", ENTRY, "validate")
def _(original):
    """The first vector is held against the signature."""
    return edited("enumerate(vectors)", "enumerate(vectors[:1])")(original)


@fault("numbers-behind-any-name", MISFITS, "validate")
def _(original):
    """A name of a signature may have a number behind it."""
    return edited("if name not in known and", "if name.rstrip('0123456789') not in known and")(original)


@fault("numbered-inputs-optional", MISFITS, "validate")
def _(original):
    """Of inputs w<n> there may be none."""
    return edited(
        """not (name.endswith("<n>") and name.replace("<n>", "0") in vector[given])""", """not name.endswith("<n>")"""
    )(original)


@fault("parameters-of-vectors-optional", MISFITS, "validate")
def _(original):
    """A vector may lack any parameter."""
    return edited("- set(usual)", '- (known if role == "parameters" else set())')(original)


# -- artifacts -------------------------------------------------------------------------------------------


@fault("spellings-of-units-forgotten", UNIT, "external")
def _(original):
    """Units may be written in American alone."""
    return lambda text: None if text.casefold().endswith("metre") else original(text)


@fault("units-in-small-letters-alone", UNIT, "external")
def _(original):
    """Spellings of units are compared letter by letter."""
    return lambda text: original(text) if text == text.casefold() else None


@fault("unknown-units-pass", TRAJECTORY, "external")
def _(original):
    """A unit that is not known here is nobody's error."""
    return edited('length_unit(stated) != document["unit"]', 'length_unit(stated) not in (None, document["unit"])')(
        original
    )


@fault("unit-of-zarr-arrays-not-read", TRAJECTORY, "external")
def _(original):
    """What a Zarr array says of its unit is not read."""
    return edited("if stated is not None and", 'if stated is not None and "h5md" in d.operator and')(original)


@fault("infinities-of-a-frame-pass", "polystate.evaluation.evaluate:absolute", "external")
def _(original):
    """A frame is refused for NaN alone."""
    return edited("if not np.isfinite(xyz).all()", "if np.isnan(xyz).any()")(original)


@fault("particles-of-zarr-arrays-not-counted", TRAJECTORY, "external")
def _(original):
    """The particles of a Zarr array may be any number."""
    return edited("if shape != (n_atoms, 3)", 'if "h5md" in d.operator and shape != (n_atoms, 3)')(original)


@fault("steps-of-zarr-arrays-not-counted", TRAJECTORY, "external")
def _(original):
    """The steps of a Zarr array may be any number."""
    return edited("if d.axis is not None and", 'if "h5md" in d.operator and d.axis is not None and')(original)


@fault("uri-decoded-before-it-is-split", f"{LOCATION}:_located", "external", "moments")
def _(original):
    """A URI is decoded as a whole, and its parts are looked for then."""
    return edited("parts = urlsplit(uri)", "uri = unquote(uri)\n    parts = urlsplit(uri)")(original)


@fault("percent-signs-decoded-twice", f"{LOCATION}:_located", "external")
def _(original):
    """A percent sign that is written by a percent sign is one again."""
    return edited("PurePosixPath(unquote(parts.path))", "PurePosixPath(unquote(unquote(parts.path)))")(original)


@fault("plus-is-a-space", f"{LOCATION}:_located", "external", "moments")
def _(original):
    """A plus sign is a space, as in forms."""
    return edited("unquote(parts.path)", 'unquote(parts.path).replace("+", " ")')(original)


@fault("artifact-control-characters-by-name", f"{LOCATION}:_located", "validate")
def _(original):
    """Of control characters line breaks and U+007F are refused."""
    return edited("if _CONTROL.search(unquote(uri)):", 'if any(c in unquote(uri) for c in "\\r\\n\\x7f"):')(original)


@fault("addresses-of-bodies-not-judged", "polystate.rules.artifacts:location_errors", "validate")
def _(original):
    """Where a body lies is judged when it is read."""
    return lambda d: original(d) if d.procedure.placed == "trajectory" else iter(())


@fault("missing-artifact-is-another", f"{LOCATION}:artifact", "external", "moments")
def _(original):
    """An artifact that is not there is one that is not what was pinned."""
    return edited('raise MissingArtifact(f"{where}/uri"', 'raise ArtifactMismatch(f"{where}/uri"')(original)
