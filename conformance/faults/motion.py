"""Wrong means: rotations, origins, orders of displacements and transforms, offsets, decoders."""

import numpy as np

from polystate_conformance.selftest.planting import fault

EVALUATE = "polystate.evaluation.evaluate"
DESCRIPTOR = "polystate.model.descriptor:Descriptor"


@fault("rotation-transposed", "polystate.numbers.tensors:rotation", "displacement", "registry")
def _(original):
    """Rotations go the other way."""
    return lambda q: np.swapaxes(original(q), -1, -2)


@fault("quaternion-wxyz-as-xyzw", "polystate.numbers.tensors:rotation", "displacement", "registry")
def _(original):
    """Quaternions are read as x, y, z, w."""
    return lambda q: original(np.asarray(q)[..., [3, 0, 1, 2]])


@fault("quaternion-not-normalised", "polystate.numbers.tensors:rotation", "displacement")
def _(original):
    """The rotation matrix is made from the quaternion as stored."""

    def wrong(q):
        q = np.asarray(q, float)
        n = np.linalg.norm(q, axis=-1)[..., None, None]
        return np.eye(3) + (original(q) - np.eye(3)) * n**2

    return wrong


@fault("rigid-origin-ignored", "polystate.operators.rigid_body.quat_v1:quat_v1", "displacement", "registry")
def _(original):
    """Bodies turn about the origin of coordinates."""

    def wrong(quaternion, translation, origin, group, xyz):
        return original(quaternion, translation, np.zeros_like(origin), group, xyz)

    return wrong


@fault("rigid-shift-before-turn", "polystate.operators.rigid_body.quat_v1:quat_v1", "displacement", "registry")
def _(original):
    """Bodies are shifted first and turned then."""

    def wrong(quaternion, translation, origin, group, xyz):
        moved = np.asarray(xyz, float) + np.asarray(translation)[group]
        return original(quaternion, np.zeros_like(translation), origin, group, moved)

    return wrong


@fault("body-of-the-next-group", "polystate.operators.rigid_body.quat_v1:quat_v1", "displacement")
def _(original):
    """Each atom moves with the body after its own."""

    def wrong(quaternion, translation, origin, group, xyz):
        return original(quaternion, translation, origin, (np.asarray(group) + 1) % len(quaternion), xyz)

    return wrong


@fault("basis-last-mode-only", "polystate.operators.basis.nm_v1:nm_v1", "displacement", "registry")
def _(original):
    """Modes overwrite each other; the last one is left."""
    return lambda basis, coefficients: original(basis[-1:], coefficients[-1:])


@fault("basis-scaled-by-sigma", f"{EVALUATE}:displacement", "displacement")
def _(original):
    """Amplitudes are taken in units of the standard deviation of their mode."""

    def wrong(d, request):
        at, moved = original(d, request)
        scaled = (d.operator or "").startswith("basis/") and d.has("variance")
        return at, moved * np.sqrt(d.array("variance")[0]) if scaled else moved

    return wrong


@fault("request-components-ignored", "polystate.evaluation.request:request", "displacement")
def _(original):
    """Amplitudes of the request are ignored where some are stored."""
    return lambda *a, **k: original(*a, **{n: v for n, v in k.items() if n != "components"})


@fault("mlp-activation-last", "polystate.operators.neural_decoder.mlp_v1:mlp_v1", "decoder", "registry")
def _(original):
    """The activation acts on the last layer, too."""

    def wrong(latent, activation="tanh", **layers):
        from polystate.operators.neural_decoder.mlp_v1 import ACTIVATIONS

        return {"output": ACTIVATIONS[activation](original(latent, activation, **layers)["output"])}

    return wrong


@fault("mlp-bias-ignored", "polystate.operators.neural_decoder.mlp_v1:mlp_v1", "decoder", "registry")
def _(original):
    """Biases are left out."""

    def wrong(latent, activation="tanh", **layers):
        without = {name: np.zeros_like(v) if name[0] == "b" else v for name, v in layers.items()}
        return original(latent, activation, **without)

    return wrong


@fault("mlp-always-tanh", "polystate.operators.neural_decoder.mlp_v1:mlp_v1", "decoder", "registry")
def _(original):
    """Every activation is taken as tanh."""
    return lambda latent, activation="tanh", **layers: original(latent, "tanh", **layers)


def _mean(*, last_wins=False, transforms_first=False, base_last=False, rigid_at_sum=False):
    """The mean with one of its rules broken, written like the original."""

    def wrong(request):
        from polystate.evaluation import evaluate

        dep = request.dep
        xyz = dep.x_ref[request.rows].copy()

        def place_bases():
            for d in evaluate.active(dep, request, lambda d: d.is_absolute):
                at, values = evaluate.absolute(d, request)
                xyz[at] = values

        def transform():
            for _, at, turn, shift in evaluate.transforms(request):
                xyz[at] = np.einsum("nij,nj->ni", turn, xyz[at]) + shift

        if not base_last:
            place_bases()
        if transforms_first:
            transform()
        start, kept = xyz.copy(), dep.x_ref
        for d in evaluate.active(dep, request, evaluate.is_displacement):
            if rigid_at_sum and d.operator == "rigid_body/quat_v1":
                moved = kept.copy()
                moved[request.rows] = xyz
                dep.__dict__["x_ref"] = moved
            at, values = evaluate.displacement(d, request)
            dep.__dict__["x_ref"] = kept
            if last_wins:
                xyz[at] = start[at] + values
            else:
                np.add.at(xyz, at, values)
        if base_last:
            place_bases()
        if not transforms_first:
            transform()
        return xyz

    return wrong


@fault("last-displacement-wins", f"{EVALUATE}:mean", "displacement", "discrete")
def _(original):
    """Of several displacements of an atom the last one counts."""
    return _mean(last_wins=True)


@fault("transforms-before-displacements", f"{EVALUATE}:mean", "displacement")
def _(original):
    """Displacements are added after the transforms, unturned."""
    return _mean(transforms_first=True)


@fault("base-after-displacements", f"{EVALUATE}:mean", "axes")
def _(original):
    """An absolute source overwrites what was added before."""
    return _mean(base_last=True)


@fault("rigid-displacement-at-sum", f"{EVALUATE}:mean", "displacement")
def _(original):
    """A rigid displacement is taken where other displacements have put the atom."""
    return _mean(rigid_at_sum=True)


@fault("transforms-ancestors-first", f"{EVALUATE}:transforms", "displacement")
def _(original):
    """The largest group is transformed first."""
    return lambda request: iter(list(original(request))[::-1])


@fault("unknown-signal-applied", f"{EVALUATE}:is_active", "displacement")
def _(original):
    """A descriptor of unknown signal is applied all the same."""

    def wrong(d, request):
        from polystate.evaluation.evaluate import condition_holds

        return bool(condition_holds(d, np.array([d.active_when]), request)[0])

    return wrong


@fault("atom-id-order-ignored", f"{DESCRIPTOR}.atom_rows", "gaussian", "displacement", "decoder")
def _(original):
    """The rows of a payload are taken to be in order of atoms."""
    return property(lambda self: np.sort(original.func(self)))


@fault("offset-ignored", f"{DESCRIPTOR}.offset", "displacement", "gaussian", "axes")
def _(original):
    """Numbers of another frame are used as they are."""
    return property(lambda self: None)


@fault("offset-sign", f"{DESCRIPTOR}.offset", "displacement", "gaussian", "axes")
def _(original):
    """The offset is applied from the deposition to the fitted frame."""

    def wrong(self):
        found = original.func(self)
        return None if found is None else (found[0].T, -found[0].T @ found[1])

    return property(wrong)


@fault("offset-shifts-displacements", f"{DESCRIPTOR}.turn", "displacement")
def _(original):
    """Displacements of another frame are shifted like coordinates."""
    return lambda self, vectors: self.from_fitted(vectors)


@fault("offset-u-not-rotated", f"{DESCRIPTOR}.turn_covariance", "gaussian")
def _(original):
    """Covariances of another frame are not turned."""
    return lambda self, u: u
