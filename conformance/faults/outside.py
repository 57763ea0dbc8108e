"""Wrong readers of what lies outside: artifacts, bodies that run code, derived descriptors, mapped atoms."""

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

EXTERNAL = "polystate.artifacts.location"
MEAN = "polystate.operators.ensemble.occupancy_weighted_mean_v1:occupancy_weighted_mean_v1"
NEAREST = "polystate.operators.assignment.nearest_landmark_v1:nearest_landmark_v1"
TRAJECTORY = "polystate.artifacts.trajectory"
CODE = "polystate.artifacts.bodies"
DERIVATION = "polystate.model.derivation"
DERIVED = "polystate.rules.derivation"
DESCRIPTOR = "polystate.model.descriptor:Descriptor"


@fault("artifact-hash-not-checked", f"{EXTERNAL}:verify", "external")
def _(original):
    """Artifacts are used whatever their hash."""
    return lambda path, sha256, where: None


@fault("artifact-folder-hash-by-content", f"{EXTERNAL}:folder_sha256", "external")
def _(original):
    """The hash of a folder is over its files without their names."""
    import hashlib

    def wrong(path, of=None):
        whole = hashlib.sha256()
        for file in sorted(p for p in path.rglob("*") if p.is_file()):
            whole.update(file.read_bytes())
        return whole.hexdigest()

    return wrong


@fault("artifact-any-path", f"{EXTERNAL}:locate", "external")
def _(original):
    """Paths may be absolute, and lead out of the folder."""
    from pathlib import Path
    from urllib.parse import unquote, urlsplit

    return lambda uri, folder, allowed, where: Path(folder or ".") / unquote(urlsplit(uri).path)


@fault("artifact-percent-not-decoded", f"{EXTERNAL}:unquote", "external")
def _(original):
    """Percent signs in a path are left as they are, so that %2e%2e is looked for instead of refused."""
    return lambda text: text


@fault("artifact-in-store", f"{EXTERNAL}:artifact", "external")
def _(original):
    """Artifacts are looked for in the store, not beside it."""

    def wrong(d):
        folder = d.ground.folder
        d.ground.folder = getattr(d.ground.tree.source, "path", folder)
        try:
            return original(d)
        finally:
            d.ground.folder = folder

    return wrong


@fault("artifact-unit-ignored", f"{TRAJECTORY}:ANGSTROM", "external")
def _(original):
    """Every file is taken to be in ångström."""
    return dict.fromkeys(original, 1.0)


@fault("artifact-nanometre-assumed", f"{TRAJECTORY}:ANGSTROM", "external")
def _(original):
    """Every file is taken to be in nanometre."""
    return dict.fromkeys(original, 10.0)


@fault("artifact-unit-not-compared", f"{TRAJECTORY}:length_unit", "external")
def _(original):
    """The unit that a file states is not looked at: any is right."""

    class Any(str):
        __eq__ = lambda self, other: True  # noqa: E731
        __ne__ = lambda self, other: False  # noqa: E731
        __hash__ = str.__hash__

    return lambda text: Any()


@fault("trajectory-first-frame", f"{TRAJECTORY}:frame", "external")
def _(original):
    """The first frame of an artifact is read at every step."""
    return lambda d, step: original(d, 0)


@fault("trajectory-last-group", "polystate.artifacts.h5md:H5md.group", "external")
def _(original):
    """The first particle group of a file is read, whatever the name."""
    return lambda self, name=None: original(self, self.groups[0])


@fault("trajectory-nan-returned", f"{TRAJECTORY}:Trajectory.frame", "external")
def _(original):
    """NaN in a frame becomes zero."""
    return lambda self, step: np.nan_to_num(self.read(step).astype(float)) * self.factor


@fault("code-runs-unasked", f"{CODE}:load", "external")
def _(original):
    """Bodies run without permission."""
    return lambda d, allow_code: original(d, True)


@fault("code-never-runs", f"{CODE}:load", "external")
def _(original):
    """Bodies never run."""
    return lambda d, allow_code: original(d, False)


@fault("pickle-accepted", f"{CODE}:is_pickle", "validate", "external")
def _(original):
    """Pickles are not told from other bodies."""
    return lambda content: False


@fault("zipped-pickle-accepted", f"{CODE}:is_pickle", "validate", "external")
def _(original):
    """Only plain pickles are refused."""
    return lambda content: content[:1] == b"\x80"


@fault("body-hash-not-checked", f"{CODE}:inline_body", "validate")
def _(original):
    """Inline bodies are used whatever their hash."""

    def wrong(tree, uri, where):
        from polystate.errors import MissingArtifact

        if uri not in tree:
            raise MissingArtifact(where, uri, "a body")
        return np.asarray(tree[uri].arrays["body"]).tobytes(), f"{uri}/body"

    return wrong


@fault("landmark-ties-last", NEAREST, "axes", "registry")
def _(original):
    """Ties go to the last landmark."""

    def wrong(value, point):
        found = original(value, np.asarray(point)[::-1])
        return {**found, "landmark": (len(point) - 1 - found["landmark"]).astype(np.int32)}

    return wrong


@fault(
    "mean-without-presence",
    MEAN,
    "discrete",
    "registry",
)
def _(original):
    """States that lack an atom weigh in its mean."""
    return lambda xyz, population, present=None: original(xyz, population)


@fault(
    "mean-without-populations",
    MEAN,
    "discrete",
    "registry",
)
def _(original):
    """The mean is over the states, not over their populations."""
    return lambda xyz, population, present=None: original(xyz, np.ones(len(xyz)), present)


@fault("mean-refused-without-atoms", MEAN, "registry")
def _(original):
    """A mean in which no atom has weight is refused as one of states without populations."""

    def wrong(xyz, population, present=None):
        made = original(xyz, population, present)
        return made if made["occupancy"].any() else original(xyz, np.zeros(len(xyz)), present)

    return wrong


@fault("derived-never-compared", f"{DERIVED}:mismatches", "validate")
def _(original):
    """Regeneration finds nothing."""
    return lambda dep: iter(())


@fault("derived-compared-exactly", f"{DERIVED}:TOLERANCE", "validate")
def _(original):
    """Stored floats have to be equal to what is computed."""
    return 0.0


@fault("derived-compared-loosely", f"{DERIVED}:TOLERANCE", "validate")
def _(original):
    """Stored floats may be off by a millionth."""
    return 1e-6


@fault("stale-never", "polystate.rules.derivation:stale", "validate")
def _(original):
    """Nothing is called stale."""
    return lambda dep: iter(())


@fault("atom-map-backwards", f"{DESCRIPTOR}.column", "axes", "displacement")
def _(original):
    """The map of atoms is read from new to old."""
    swap = {"old": "new", "new": "old"}

    def wrong(self, table, name):
        return original(self, table, swap.get(name, name) if table == "atom_map" else name)

    return wrong


@fault("atom-map-ignored", f"{DESCRIPTOR}.rows_of_ids", "axes", "displacement")
def _(original):
    """Mapped atoms are taken as they are numbered, in the order of the deposition."""

    def wrong(self, ids, where):
        if (self.document.get("atom_identity") or {}).get("kind") == "mapped":
            original(self, ids, where)
            return np.arange(len(np.asarray(ids)))
        return original(self, ids, where)

    return wrong


@fault("superset-refused", f"{DESCRIPTOR}.rows_of_ids", "axes")
def _(original):
    """Atoms beyond the deposition are refused under superset too."""

    def wrong(self, ids, where):
        if (self.document.get("atom_identity") or {}).get("kind") == "superset":
            return self.dep.hierarchy.rows_of(ids, where)
        return original(self, ids, where)

    return wrong


@fault("bundle-state-gives-no-step", "polystate.evaluation.request:_state_steps", "axes")
def _(original):
    """The state of a bundle does not fix the step of its axis."""
    return lambda dep, joint: {}


@fault("axis-label-ignored", "polystate.evaluation.request:axis_states", "axes")
def _(original):
    """Labels along an axis do not fix states."""
    return lambda dep, steps, state: dict(state)


@fault("zarr-units-read", f"{TRAJECTORY}:_zarr_array", "external")
def _(original):
    """A Zarr trajectory without an attribute `unit` has the unit that its attribute `units` names."""

    def wrong(path, dataset, where):
        found, stated = original(path, dataset, where)
        return found, found.attrs.get("units") if stated is None else stated

    return wrong


@fault("zarr-any-version", f"{TRAJECTORY}:_zarr_array", "external")
def _(original):
    """A Zarr trajectory may be of version 2."""

    def wrong(path, dataset, where):
        import zarr

        if not (path / ".zgroup").exists():
            return original(path, dataset, where)
        found = zarr.open(path, path=dataset or "", mode="r")
        return found, found.attrs.get("unit")

    return wrong


@fault("nan-anywhere-in-a-frame", f"{TRAJECTORY}:Trajectory.frame", "external")
def _(original):
    """NaN in a frame is refused, whoever's coordinates they are."""

    def wrong(self, step):
        from polystate.errors import NonFiniteOutput

        values = original(self, step)
        if not (values == values).all():
            raise NonFiniteOutput(self.where, "NaN", "coordinates")
        return values

    return wrong


@fault("mean-in-the-frame-of-its-input", f"{DERIVATION}:_averaged", "displacement")
def _(original):
    """A computed mean stands in the frame that its input was fitted in."""

    def wrong(dep, d):
        from polystate.model.derivation import _source
        from polystate.store.tree import Group

        made = original(dep, d)
        xyz = _source(dep, d).to_fitted(made.arrays["xyz"][0])[None]
        return Group({}, {**made.arrays, "xyz": xyz}, made.tables)

    return wrong


@fault("blocks-never-stale", "polystate.rules.derivation:stale", "validate")
def _(original):
    """Whether what a provenance block describes has changed is not looked at."""
    return lambda dep: (error for error in original(dep) if not error.where.startswith("provenance/"))


@fault("blocks-always-stale", "polystate.rules.derivation:stale", "validate")
def _(original):
    """Each provenance block that describes something is called stale."""
    from polystate.errors import Stale

    def wrong(dep):
        yield from original(dep)
        for path in dep.tree:
            if path.startswith("provenance/") and dep.tree[path].attributes.get("describes"):
                yield Stale(path, "described", "nothing")

    return wrong


@fault("artifact-empty-query", f"{EXTERNAL}:_located", "external", "validate")
def _(original):
    """A query or fragment of a file: URI counts where something stands in it."""
    return edited('{"?", "#"} & set(uri)', "(parts.query or parts.fragment)")(original)


@fault("artifact-query-ignored", f"{EXTERNAL}:_located", "external")
def _(original):
    """Of a file: URI the path alone is looked at."""
    return edited(' and not {"?", "#"} & set(uri)', "")(original)
