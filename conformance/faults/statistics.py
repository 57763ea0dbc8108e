"""Wrong samplers: generators of their own whose draws do not have the law."""

import numpy as np

from polystate_conformance.selftest.planting import fault

SAMPLER = "polystate_conformance.implementations.numpy_sampler"
LAW = "sampling-statistical"


def scaled(by):
    def make(original):
        return lambda *args: by * original(*args)

    return make


@fault("own-sd-5-percent", f"{SAMPLER}:factor", LAW)
def _(original):
    """Standard deviations are 5 % too large."""
    return scaled(1.05)(original)


@fault("own-sd-2-percent", f"{SAMPLER}:factor", LAW)
def _(original):
    """Standard deviations are 2 % too small."""
    return scaled(0.98)(original)


@fault("own-single-precision-b", f"{SAMPLER}:factor", LAW)
def _(original):
    """8π² is rounded to 80, and the standard deviations are scaled by what that gives, twice."""
    return scaled(8 * np.pi**2 / 80 * 0.99)(original)


@fault("own-sd-of-z-5-percent", f"{SAMPLER}:factor", LAW)
def _(original):
    """The third coordinate of every atom moves 5 % too far."""
    return lambda u: np.array([1.0, 1.0, 1.05])[:, None] * original(u)


@fault("own-covariance-as-factor", f"{SAMPLER}:factor", LAW)
def _(original):
    """The covariance is used as its own root."""
    return lambda u: u


@fault("own-factor-transposed", f"{SAMPLER}:factor", LAW)
def _(original):
    """The upper Cholesky factor is used where the lower is due."""
    return lambda u: np.swapaxes(np.linalg.cholesky(u), -1, -2)


@fault("own-diagonal-only", f"{SAMPLER}:factor", LAW)
def _(original):
    """The axes of anisotropic atoms are drawn apart."""
    return lambda u: np.sqrt(np.maximum(u * np.eye(3), 0))


@fault("own-singular-inflated", f"{SAMPLER}:factor", LAW)
def _(original):
    """The diagonal is raised by 1e-6 Å², so that a library's factor exists."""
    return lambda u: original(u + 1e-6 * np.eye(3))


@fault("own-noise-everywhere", f"{SAMPLER}:factor", LAW)
def _(original):
    """Atoms without a covariance get that of B = 0.01 Å²."""
    return lambda u: original(np.where(u.any(axis=(1, 2), keepdims=True), u, 0.01 / (8 * np.pi**2) * np.eye(3)))


@fault("own-absolute-eigenvalues", f"{SAMPLER}:factor", LAW)
def _(original):
    """Negative eigenvalues are taken by their absolute value."""

    def wrong(u):
        values, vectors = np.linalg.eigh(u)
        return np.einsum("mij,mj,mkj->mik", vectors, np.sqrt(np.abs(values)), vectors)

    return wrong


@fault("own-levels-same-numbers", f"{SAMPLER}:displacements", LAW)
def _(original):
    """Every level is drawn with the same numbers, and the draws are added."""

    def wrong(levels, n, generator, psd):
        from polystate_conformance.implementations import numpy_sampler as own

        z = own.normals(generator, n, levels.shape[1])
        return sum(np.einsum("mij,nmj->nmi", own.factor(u), z) for u in levels)

    return wrong


@fault("own-last-level-only", f"{SAMPLER}:displacements", LAW)
def _(original):
    """Of several levels the last is drawn."""
    return lambda levels, *rest: original(levels[-1:], *rest)


@fault("own-covariance-not-rotated", f"{SAMPLER}:displacements", LAW)
def _(original):
    """A turn by 120° about the diagonal is applied to means and not to covariances."""
    return lambda levels, *rest: original(levels[..., [1, 2, 0], :][..., [1, 2, 0]], *rest)


@fault("own-atoms-not-drawn-with-latents", f"{SAMPLER}:Drawer.levels", LAW)
def _(original):
    """Where latent components are drawn the atoms are not."""

    def wrong(self, joint):
        drawn = any(d.table("latents") for d in self.dep.descriptors.values())
        return original(self, joint) * (not drawn)

    return wrong


@fault("own-mean-shifted", f"{SAMPLER}:normals", LAW)
def _(original):
    """Normal numbers are the difference of uniform ones from a table whose middle is off by a twentieth."""
    return lambda *args: original(*args) + 0.05


@fault("own-atoms-share-5-percent", f"{SAMPLER}:normals", LAW)
def _(original):
    """A twentieth of the variance of all atoms comes from one number an axis."""

    def wrong(generator, n, atoms):
        return np.sqrt(0.95) * original(generator, n, atoms) + np.sqrt(0.05) * original(generator, n, 1)

    return wrong


@fault("own-atoms-share-numbers", f"{SAMPLER}:normals", LAW)
def _(original):
    """All atoms are drawn with the numbers of the first."""
    return lambda generator, n, atoms: np.repeat(original(generator, n, 1), atoms, axis=1)


@fault("own-one-number-for-three", f"{SAMPLER}:normals", LAW)
def _(original):
    """The three coordinates of an atom are drawn with one number."""
    return lambda *args: np.repeat(original(*args)[..., :1], 3, axis=-1)


@fault("own-two-atoms-correlated", f"{SAMPLER}:normals", LAW)
def _(original):
    """The last component of a draw has a correlation of 0.1 with the first."""

    def wrong(*args):
        z = original(*args)
        z[:, -1, 2] = 0.1 * z[:, 0, 0] + np.sqrt(1 - 0.01) * z[:, -1, 2]
        return z

    return wrong


@fault("own-uniform-noise", f"{SAMPLER}:normals", LAW)
def _(original):
    """Numbers are uniform, with the right mean and variance."""
    return lambda generator, n, atoms: np.sqrt(12) * (generator.random((n, atoms, 3)) - 0.5)


@fault("own-tails-cut", f"{SAMPLER}:normals", LAW)
def _(original):
    """Numbers beyond two standard deviations are drawn again, and the rest is stretched to the right variance."""

    def wrong(generator, n, atoms):
        z = original(generator, n, atoms)
        while (far := np.abs(z) > 2).any():
            z[far] = generator.standard_normal(int(far.sum()))
        return z / 0.8796

    return wrong


@fault("own-stream-reused", f"{SAMPLER}:normals", LAW)
def _(original):
    """A draw of every twenty uses the numbers of the one before."""

    def wrong(*args):
        z = original(*args)
        z[1::20] = z[0::20][: len(z[1::20])]
        return z

    return wrong


@fault("own-stream-shifted", f"{SAMPLER}:normals", LAW)
def _(original):
    """A draw begins with the last three numbers of the one before."""

    def wrong(*args):
        z = original(*args)
        z[1:, 0] = z[:-1, -1]
        return z

    return wrong


@fault("own-antithetic", f"{SAMPLER}:normals", LAW)
def _(original):
    """Every second draw mirrors the one before."""

    def wrong(*args):
        z = original(*args)
        z[1::2] = -z[: 2 * (len(z) // 2) : 2]
        return z

    return wrong


@fault("own-period-of-half", f"{SAMPLER}:normals", LAW)
def _(original):
    """The generator begins again after half of the draws."""

    def wrong(*args):
        z = original(*args)
        half = len(z) // 2
        z[half : 2 * half] = z[:half]
        return z

    return wrong


@fault("own-serial-correlation", f"{SAMPLER}:normals", LAW)
def _(original):
    """Draws follow each other as frames of a slow motion, with a correlation of 0.05."""

    def wrong(*args):
        z = original(*args)
        for k in range(1, len(z)):
            z[k] = 0.05 * z[k - 1] + np.sqrt(1 - 0.0025) * z[k]
        return z

    return wrong


@fault("own-first-step", f"{SAMPLER}:Drawer.selection", LAW)
def _(original):
    """Covariances along an axis are those of its first step."""

    def wrong(self, joint):
        found = original(self, joint)
        return {**found, "at": dict.fromkeys(found["at"], 0)}

    return wrong


@fault("own-policy-all-drawn", f"{SAMPLER}:Drawer.takes_part", LAW)
def _(original):
    """While an axis is iterated, all Gaussian descriptors are drawn."""
    return lambda self, d: True


@fault("own-policy-none-drawn", f"{SAMPLER}:Drawer.takes_part", LAW)
def _(original):
    """While an axis is iterated, only what lies along it is drawn."""
    return lambda self, d: "iterate" not in self.request or d.axis is not None


@fault("own-policy-of-request-ignored", f"{SAMPLER}:Drawer.takes_part", LAW)
def _(original):
    """The policies of the request are not looked at."""
    from polystate.evaluation.rendering import broadcast_policy

    return lambda self, d: "iterate" not in self.request or broadcast_policy(d, None) == "sample_per_step"


@fault("own-latent-variance-as-sd", f"{SAMPLER}:latents", LAW)
def _(original):
    """Variances of latent components are taken as their standard deviations."""
    return lambda variance, *rest: original(variance**2, *rest)


@fault("own-latents-shared", f"{SAMPLER}:latents", LAW)
def _(original):
    """All components of a descriptor take the number of the first."""
    return lambda variance, n, generator: np.sqrt(variance) * generator.standard_normal((n, 1))


@fault("own-latents-not-drawn", f"{SAMPLER}:latents", LAW)
def _(original):
    """Latent components are left at 0."""
    return lambda variance, n, generator: np.zeros((n, len(variance)))


@fault("own-latents-by-atom", f"{SAMPLER}:Drawer.means", LAW)
def _(original):
    """Latent components are drawn anew for each atom."""

    def wrong(self, joint, n, generator):
        means = original(self, joint, n, generator)
        return np.stack([generator.permutation(means[:, k]) for k in range(means.shape[1])], axis=1)

    return wrong


@fault("own-populations-unnormalised", f"{SAMPLER}:populations", LAW)
def _(original):
    """What populations leave to 1 falls to the last state."""
    return lambda weights: np.append(weights[:-1], 1 - weights[:-1].sum())


@fault("own-populations-ignored", f"{SAMPLER}:populations", LAW)
def _(original):
    """All states are drawn alike."""
    return lambda weights: np.full(len(weights), 1 / len(weights))


@fault("own-populations-smoothed", f"{SAMPLER}:populations", LAW)
def _(original):
    """A thousandth is added to every population."""
    return lambda weights: original(original(weights) + 1e-3)


@fault("own-stream-of-states-reused", f"{SAMPLER}:uniform", LAW)
def _(original):
    """States are drawn once for every two draws."""
    return lambda generator, n, variable: np.repeat(original(generator, n, variable), 2)[:n]


@fault("own-one-number-for-all-variables", f"{SAMPLER}:joint_states", LAW)
def _(original):
    """All variables of a draw are decided by one uniform number."""

    def wrong(states, given, n, generator):
        from polystate_conformance.implementations import numpy_sampler as own

        numbers, right_uniform, right_groups, rows_now = generator.random(n), own.uniform, own.groups, []

        def groups(joints, parents):
            for joint, rows in right_groups(joints, parents):
                rows_now[:] = [rows]
                yield joint, rows

        own.groups, own.uniform = groups, lambda *_: numbers[rows_now[0]]
        try:
            return original(states, given, n, generator)
        finally:
            own.groups, own.uniform = right_groups, right_uniform

    return wrong


@fault("own-child-without-parent", f"{SAMPLER}:groups", LAW)
def _(original):
    """A nested variable is drawn as if its parents were in the state of the first draw."""

    def wrong(joints, parents):
        if len(parents) and isinstance(parents, set):
            return [(joints[0], np.arange(len(joints)))]
        return original(joints, parents)

    return wrong


@fault("own-given-state-redrawn", f"{SAMPLER}:joint_states", LAW)
def _(original):
    """States that are given are drawn all the same."""
    return lambda states, given, n, generator: original(states, {}, n, generator)


@fault("own-state-by-atom", f"{SAMPLER}:independent", LAW)
def _(original):
    """Every atom takes the state of a draw of its own."""
    return lambda xyz: np.stack([np.roll(xyz[:, k], k, axis=0) for k in range(xyz.shape[1])], axis=1)


@fault("own-mean-of-default", f"{SAMPLER}:Drawer.means", LAW)
def _(original):
    """Atoms are drawn about the mean of the most populated states."""
    return lambda self, joint, n, generator: original(self, self.dep.states.default(), n, generator)


@fault("own-covariance-of-default", f"{SAMPLER}:Drawer.levels", LAW)
def _(original):
    """Draws have the covariances of the most populated states."""
    return lambda self, joint: original(self, self.dep.states.default())
