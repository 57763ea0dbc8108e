"""Wrong operators of the registry and wrong reading of what lies outside."""

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

OPERATORS = "polystate.operators"
EVALUATE = "polystate.evaluation.evaluate"


@fault("symmetry-transposed", f"{OPERATORS}.symmetry.space_group_v1:space_group_v1", "registry")
def _(original):
    """The matrix of a symmetry operation is applied transposed."""
    return edited("fractional @ turn.T", "fractional @ turn")(original)


TRIPLET = f"{OPERATORS}.symmetry.space_group_v1:operation"


@fault("a-part-that-is-missing-is-zero", TRIPLET, "registry")
def _(original):
    """A part of a triplet that is empty or not there is 0."""
    parts = '[part or "0" for part in (triplet.replace(" ", "").lower() + ",,").split(",")[:3]]'
    return edited('triplet.replace(" ", "").lower().split(",")', parts)(original)


@fault("only-three-parts-are-looked-at", TRIPLET, "registry")
def _(original):
    """What stands behind the third part of a triplet is passed over."""
    return edited('.split(",")', '.split(",")[:3]')(original)


@fault("a-letter-twice-counts-once", TRIPLET, "registry")
def _(original):
    """Of x, y or z that stands twice in a part the last one counts."""
    return edited('if letter and turn[row, "xyz".index(letter)]:', "if False:")(original)


@fault("what-is-no-term-is-passed-over", TRIPLET, "registry")
def _(original):
    """Of a part what is a term counts, and the rest does not."""
    return edited("_PART.fullmatch(part)", "_PART.search(part)")(original)


@fault("pca-adds-reference", f"{EVALUATE}:mean", "displacement", "axes")
def _(original):
    """Principal components about an absolute source add its difference to the reference once more."""
    old = "        np.add.at(xyz, at, values)\n"
    again = '        if d.operator == "basis/pca_v1": values = values + np.where((source[at] != "")[:, None], ' \
            "xyz[at] - x_ref[at], 0)\n"  # fmt: skip
    return edited(old.replace("        ", ""), again.strip() + "\n        " + old.strip() + "\n")(original)


@fault("bead-weights-normalised", f"{OPERATORS}.coarse_grain.weighted_sum_v1:weighted_sum_v1", "registry")
def _(original):
    """The weights of a bead are divided by their sum."""
    old = 'return {"xyz": beads}'
    return edited(old, 'return {"xyz": beads / np.bincount(parent, weight, labels)[:, None]}')(original)


@fault("single-layer-activated", f"{OPERATORS}.neural_decoder.mlp_v1:mlp_v1", "decoder", "registry")
def _(original):
    """The one layer of a decoder of one layer is activated."""
    return edited("if k < depth - 1:", "if k < max(1, depth - 1):")(original)


@fault("frame-by-stored-step", "polystate.artifacts.h5md:Element.at", "external")
def _(original):
    """The frame of an H5MD element is chosen by the number that its step has."""

    def wrong(self, step):
        found = [] if self.step is None else [k for k, n in enumerate(self.step) if n == step]
        return original(self, found[0] if found else step if self.step is None else 0)

    return wrong


@fault("folder-by-components", "polystate.artifacts.location:folder_sha256", "external")
def _(original):
    """Files of a folder are hashed in order of the parts of their paths."""
    return edited("lines = b", 'files.sort(key=lambda item: item[0].split(b"/"))\n    lines = b')(original)


@fault("percent-encoded-passes", "polystate.artifacts.location:_located", "external", "validate")
def _(original):
    """Two periods written with percent signs lead out of the folder."""
    seen = edited('".." in path.parts', '".." in PurePosixPath(parts.path).parts')(original)

    def wrong(uri, folder, allowed, where):
        outside = "%" in uri and ".." not in uri and folder is not None
        return seen(uri, folder, (*allowed, "file:///") if outside else allowed, where)

    return wrong
