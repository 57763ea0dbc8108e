"""Slips about what stands in files: columns, versions, zips, artifacts, bodies, groups of MMTF, exported draws."""

from polystate.errors import UnsupportedVersion
from polystate.store.tree import FORMAT_VERSION
from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

DIGEST = "polystate.store.digest:is_known"


def _undigested(*names):
    """What makes a reader that keeps columns of these types out of the digest."""
    return lambda original: lambda column: original(column) and str(getattr(column, "dtype", "")) not in names


@fault("columns-of-8-bits-undigested", DIGEST, "validate")
def _(original):
    """Columns of integers of 8 bits have no line in the digest."""
    return _undigested("int8", "uint8")(original)


@fault("columns-of-64-bits-undigested", DIGEST, "validate")
def _(original):
    """Columns of integers of 64 bits have no line in the digest."""
    return _undigested("int64", "uint64")(original)


@fault("unsigned-columns-undigested", DIGEST, "validate")
def _(original):
    """Columns of integers without a sign have no line in the digest, but for ids."""
    return _undigested("uint8", "uint16", "uint64")(original)


@fault("columns-of-float32-undigested", DIGEST, "validate")
def _(original):
    """Columns of floats of 32 bits have no line in the digest."""
    return _undigested("float32")(original)


@fault("zip-entries-deflated", "polystate.store.writing:_pack", "read")
def _(original):
    """Entries of a zip are compressed."""
    written = "archive.writestr(entry, (directory / name).read_bytes()"
    return edited(written, f"{written}, zipfile.ZIP_DEFLATED")(original)


@fault("no-text-is-empty-text", "polystate_conformance.implementations.reference:_column", "read")
def _(original):
    """A text column is handed over with the empty text for code -1."""
    return edited("None if code < 0", '"" if code < 0')(original)


@fault("hidden-files-unhashed", "polystate.artifacts.location:folder_sha256", "external")
def _(original):
    """Files of an artifact whose names begin with a period are left out of its hash."""
    return edited("if p.is_file())", 'if p.is_file() and not p.name.startswith("."))')(original)


@fault("body-of-any-media-type", "polystate.artifacts.bodies:_check_media_type", "external")
def _(original):
    """The media type of a body is not looked at."""
    return lambda operator, group, uri: None


@fault("odd-pairs-of-groups", "polystate_tools.formats.mmtf.groups:_sound", "mmtf")
def _(original):
    """A group may have an odd number of ends of bonds."""
    return edited("and not any(n % 2 for n in ends)", "")(original)


@fault("draws-from-index-one", "polystate_tools.formats.ensembles:draws", "exchange")
def _(original):
    """The first draw that is written has the index 1."""
    return edited("Draw(options.seed, index)", "Draw(options.seed, index + 1)")(original)


@fault("listed-in-the-frame-of-the-deposition", "polystate.model.listed:enumerated", "displacement")
def _(original):
    """A state that is listed starts from x_ref in the deposition's frame, not in its own."""
    return edited("d.to_fitted(d.ground.x_ref[rows])", "d.ground.x_ref[rows]")(original)


@fault("version-by-prefix", "polystate.store.reading:check_version", "read", "validate")
def _(original):
    """A version whose text begins with the number of the major passes."""
    return edited('version.split(".")[0] != major', "not version.startswith(major)")(original)


@fault("earlier-versions-refused", "polystate.store.reading:check_version", "gaussian", "moments")
def _(original):
    """A deposition of an earlier minor version is refused."""

    def wrong(document, where):
        original(document, where)
        if document["format_version"] < FORMAT_VERSION:
            raise UnsupportedVersion(where, document["format_version"], "a later version")

    return wrong
