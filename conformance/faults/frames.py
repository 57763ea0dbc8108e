"""Slips about references and identity: what a hash and a frame are compared with, what an offset turns, whose ids."""

from functools import cached_property

import numpy as np

from polystate.model.descriptor import Descriptor
from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

MODEL, EVALUATE = "polystate.model.descriptor", "polystate.evaluation.evaluate"
OFFSET, IDS = f"{MODEL}:Descriptor.offset", f"{MODEL}:Descriptor.rows_of_ids"
ROTATION = "polystate.rules.mean:offset_errors"


def _offset(old, new):
    """A reader whose descriptors judge their reference with one expression changed."""

    def make(original):
        wrong = cached_property(edited(old, new)(original.func))
        wrong.__set_name__(Descriptor, "offset")
        return wrong

    return make


@fault("hash-in-order-of-labels", OFFSET, "validate")
def _(original):
    """The reference hash is over the atoms in order of their labels."""
    labels = "self.label_of_atom[np.argsort(self.label_of_atom, kind='stable')] >= 0"
    rows = f"self.ground.x_ref[np.argsort(self.label_of_atom, kind='stable')][{labels}]"
    return _offset("self.ground.x_ref[self.label_of_atom >= 0]", rows)(original)


@fault("hash-without-negative-zeros", "polystate.store.digest:reference_hash", "validate")
def _(original):
    """The reference hash takes -0.0 for 0.0."""
    return lambda x_ref: original(np.asarray(x_ref) + 0.0)


@fault("hash-of-no-atoms-unjudged", OFFSET, "validate")
def _(original):
    """The hash of a scope without atoms is not compared."""
    return _offset("if pinned is not None:", "if pinned is not None and (self.label_of_atom >= 0).any():")(original)


@fault("frame-of-a-fitting-hash-unjudged", OFFSET, "validate")
def _(original):
    """The frame of a reference is not compared where there is a hash."""
    return _offset("if frame != ours:", 'if frame != ours and "hash" not in reference:')(original)


@fault("offset-for-another-hash-alone", OFFSET, "discrete")
def _(original):
    """An offset does not count where the frame is the deposition's."""
    old = 'if offset.get("kind", "none") != "none":'
    return _offset(old, f'{old[:-1]} and reference.get("frame") != self.ground.frame:')(original)


@fault("rotation-within-two-millionths", ROTATION, "validate")
def _(original):
    """A rotation may be off by 2e-6."""
    return edited("<= TOLERANCE", "<= 2 * TOLERANCE")(original)


@fault("rotation-by-its-determinant", ROTATION, "validate")
def _(original):
    """A rotation is a matrix of determinant 1."""
    exact = "np.abs(rotation @ rotation.T - np.eye(3)).max() <= TOLERANCE and np.linalg.det(rotation) > 0"
    return edited(exact, "abs(np.linalg.det(rotation) - 1) <= TOLERANCE")(original)


@fault("coordinates-of-decoders-unmoved", f"{EVALUATE}:absolute", "decoder")
def _(original):
    """Coordinates of a decoder are taken as those of the deposition's frame."""
    return edited("d.from_fitted(xyz)", 'xyz if d.procedure.placed == "decoder" else d.from_fitted(xyz)')(original)


@fault("coordinates-of-states-unmoved", f"{EVALUATE}:absolute", "discrete")
def _(original):
    """Coordinates of states are taken as those of the deposition's frame."""
    return edited("d.from_fitted(xyz)", "xyz if d.is_discrete else d.from_fitted(xyz)")(original)


@fault("displacements-of-decoders-unturned", f"{EVALUATE}:displacement", "decoder")
def _(original):
    """Displacements of a decoder are taken as those of the deposition's frame."""
    return edited("d.turn(decoded(d, request)[mine])", "decoded(d, request)[mine]")(original)


@fault("trajectories-turned-alone", f"{EVALUATE}:displacement", "axes")
def _(original):
    """Of the offset of a trajectory only the rotation acts."""
    old = '"xyz", request), np.float64)[mine]\n        return at, d.from_fitted(xyz)'
    return edited(old, old.replace("from_fitted", "turn"))(original)


@fault("states-displaced-in-their-own-frame", f"{EVALUATE}:displacement", "discrete")
def _(original):
    """States of mode A displace by what they differ from x_ref in their own frame."""
    old = "at, xyz = _state_coordinates(d, request)\n        return at, d.from_fitted(xyz)"
    own = "xyz - d.to_fitted(request.dep.x_ref_of(request.rows[at])) + request.dep.x_ref_of(request.rows[at])"
    return edited(old, old.replace("d.from_fitted(xyz)", own))(original)


@fault("displacements-of-bodies-unturned", f"{EVALUATE}:_rigid_displacement", "displacement")
def _(original):
    """The displacement of a rigid body is not turned back."""
    return edited("d.turn(", "np.asarray(")(original)


@fault("conditional-rows-unturned", "polystate.evaluation.contributions:Contributions._enter_adps", "moments")
def _(original):
    """U under a condition stays in the frame of its descriptor."""
    return edited("d.turn_covariance(", "np.asarray(")(original)


@fault("superset-of-displacements-alone", IDS, "validate")
def _(original):
    """Only displacements and arrays may name atoms that the deposition lacks."""
    named = 'kind == "superset" and "/absent/" not in where and "/occupancy/" not in where'
    return edited('kind == "superset"', named)(original)


@fault("map-of-displacements-alone", IDS, "discrete")
def _(original):
    """Ids of absent atoms are taken as those of the deposition."""
    return edited('kind == "mapped"', 'kind == "mapped" and "/absent/" not in where')(original)


@fault("map-applied-twice", IDS, "discrete")
def _(original):
    """An id that the map gives is looked up in it once more."""
    again = "dict(zip(old.tolist(), new.tolist()))"
    once = "new[order][place].astype(np.int64)"
    return edited(once, f"np.array([{again}.get(i, i) for i in {once}.tolist()], np.int64)")(original)


@fault("unmapped-ids-stay", IDS, "validate")
def _(original):
    """An id that the map lacks is taken as one of the deposition."""
    stays = "len(unmapped) and not np.isin(ids[unmapped], self.ground.hierarchy.atom_id).all()"
    return edited("if len(unmapped):", f"if {stays}:")(original)


@fault("unmapped-ids-dropped", IDS, "validate")
def _(original):
    """Ids that the map lacks are left out where it has others."""
    return edited("if len(unmapped):", "if len(unmapped) == len(ids):")(original)


@fault("every-new-judged", IDS, "validate")
def _(original):
    """Each new of a map must be an atom of the deposition."""
    judged = "order = np.argsort(old)"
    return edited(judged, f"{judged}\n        self.ground.hierarchy.rows_of(new, where)")(original)


@fault("mapped-to-nothing-dropped", IDS, "validate")
def _(original):
    """Rows whose new is no atom are left out."""
    return edited('if kind == "superset":', 'if kind != "exact":')(original)


@fault("scope-by-stored-ids", "polystate.rules.descriptors:_outside_errors", "validate")
def _(original):
    """Whether an atom is in the scope is asked of the id that is stored."""

    def wrong(d, rows, where):
        known = d.ground.hierarchy.atom_id
        ids = np.asarray(d.array("atom_id"))
        found = np.where(np.isin(ids, known), np.searchsorted(known, ids), -1)
        yield from original(d, found if d.is_mapped else rows, where)

    return wrong
