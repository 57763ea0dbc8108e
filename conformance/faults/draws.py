"""Wrong draws: generator, streams, transformations, factors, steps of axes."""

from dataclasses import replace

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

POSITIVE = "polystate.numbers.positive"
SAMPLING = "polystate.numbers.philox"
RENDERING = "polystate.evaluation.rendering"
STATES = "polystate.states.joint:States"
EXACT = "sampling-exact"


@fault("philox-nine-rounds", f"{SAMPLING}:ROUNDS", EXACT)
def _(original):
    """The generator makes nine rounds."""
    return 9


@fault("philox-other-constant", f"{SAMPLING}:WEYL", EXACT)
def _(original):
    """The key is raised by the constant of the 64-bit generator, cut to 32 bits."""
    return (0x7F4A7C15, original[1])


@fault("box-muller", f"{SAMPLING}:normals", EXACT)
def _(original):
    """Normal numbers are made by Box and Muller's transformation."""

    def wrong(draw, draw_key, stream=0):
        from polystate.numbers.philox import unit_interval, words

        u = unit_interval(words(draw, draw_key, stream))
        radius = np.sqrt(-2 * np.log(u[:, [0, 0, 2]]))
        turn = 2 * np.pi * u[:, [1, 1, 3]]
        return radius * np.stack([np.cos(turn[:, 0]), np.sin(turn[:, 1]), np.cos(turn[:, 2])], axis=1)

    return wrong


@fault("uniform-without-half", f"{SAMPLING}:unit_interval", EXACT)
def _(original):
    """A word is divided by 2^32 without the half."""
    return lambda word: word.astype(float) / 4294967296.0 + 1e-300


@fault("uniform-of-24-bits", f"{SAMPLING}:unit_interval", EXACT)
def _(original):
    """Uniform numbers have 24 bits, as in single precision."""
    return lambda word: ((word >> np.uint32(8)).astype(float) + 0.5) / 16777216.0


@fault("uniform-clipped", f"{SAMPLING}:unit_interval", EXACT)
def _(original):
    """Uniform numbers are kept from 0 and 1 by 1e-7, as a guard against infinities."""
    return lambda word: np.clip(original(word), 1e-7, 1 - 1e-7)


@fault("normal-within-a-trillionth", f"{SAMPLING}:normals", EXACT)
def _(original):
    """The inverse normal is wrong by 5e-13, which shows where an atom moves far."""
    return lambda draw, draw_key, *stream: original(draw, draw_key, *stream) + 5e-13


@fault("factor-without-nearest", "polystate.numbers.positive:cholesky", EXACT)
def _(original):
    """A covariance that is slightly indefinite is factored as it is."""
    return edited("u[negative] = nearest_positive(u[negative])", "pass")(original)


@fault("normal-by-acklam", f"{SAMPLING}:normals", EXACT)
def _(original):
    """The inverse normal is Acklam's rational approximation, good to nine digits."""
    a = (-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.3577518672690, -30.66479806614716,
         2.506628277459239)  # fmt: skip
    b = (-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1.0)
    c = (-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
         2.938163982698783)  # fmt: skip
    d = (0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1.0)

    def inverse(u):
        q, tail = u - 0.5, np.sqrt(-2 * np.log(np.minimum(u, 1 - u)))
        middle = np.polyval(a, q * q) * q / np.polyval(b, q * q)
        return np.where(np.abs(q) <= 0.47575, middle, -np.sign(q) * np.polyval(c, tail) / np.polyval(d, tail))

    def wrong(draw, draw_key, stream=0):
        from polystate.numbers.philox import unit_interval, words

        return inverse(unit_interval(words(draw, draw_key, stream)[:, :3]))

    return wrong


@fault("words-shifted", f"{SAMPLING}:words", EXACT)
def _(original):
    """Words 1, 2, 3 are used for 0, 1, 2."""
    return lambda draw, draw_key, stream: np.roll(original(draw, draw_key, stream), -1, axis=-1)


def _other_draw(change):
    def make(original):
        from polystate.numbers.philox import Draw

        return lambda draw, draw_key, stream: original(Draw(*change(draw.seed, draw.index)), draw_key, stream)

    return make


@fault("seed-high-word-ignored", f"{SAMPLING}:words", EXACT)
def _(original):
    """Seeds are cut to 32 bits."""
    return _other_draw(lambda seed, index: (seed & 0xFFFFFFFF, index))(original)


@fault("seed-words-swapped", f"{SAMPLING}:words", EXACT)
def _(original):
    """The high word of the seed comes first."""
    return _other_draw(lambda seed, index: (seed >> 32 | (seed & 0xFFFFFFFF) << 32, index))(original)


@fault("draw-high-word-ignored", f"{SAMPLING}:words", EXACT)
def _(original):
    """Draw indices are cut to 32 bits."""
    return _other_draw(lambda seed, index: (seed, index & 0xFFFFFFFF))(original)


@fault("draw-index-wraps", f"{SAMPLING}:Draw.__post_init__", EXACT)
def _(original):
    """Seeds and indices beyond 64 bits start from zero again."""

    def wrong(self):
        object.__setattr__(self, "seed", self.seed % (1 << 64))
        object.__setattr__(self, "index", self.index % (1 << 64))

    return wrong


@fault("draw-key-ignored", "polystate.structure.hierarchy:Hierarchy.draw_key", EXACT)
def _(original):
    """Atoms draw by their id although they have draw keys."""
    return property(lambda self: self.atom_id)


@fault("draws-by-position", "polystate.structure.hierarchy:Hierarchy.draw_key", EXACT)
def _(original):
    """Atoms draw by their row."""
    return property(lambda self: np.arange(self.n_atoms, dtype=np.uint32))


@fault("discrete-stream-zero", f"{SAMPLING}:DISCRETE", EXACT)
def _(original):
    """Discrete variables draw from the stream of atoms."""
    return 0


@fault("latent-stream-zero", f"{SAMPLING}:LATENT", EXACT)
def _(original):
    """Latent components draw from the stream of atoms."""
    return 0


@fault("latent-variance-as-sd", f"{SAMPLING}:latent_normals", EXACT)
def _(original):
    """Latent components are drawn without their variance."""
    return lambda draw, draw_key: original(draw, draw_key) / 2


@fault("random-stream-consumed", f"{SAMPLING}:uniform", EXACT)
def _(original):
    """Variables take numbers one after the other, in their order."""
    return lambda draw, draw_key: original(draw, np.arange(len(draw_key), dtype=np.uint32))


@fault("cumulated-reversed", f"{SAMPLING}:uniform", EXACT)
def _(original):
    """Populations are cumulated from the last state."""
    return lambda draw, draw_key: 1 - original(draw, draw_key)


@fault("given-state-redrawn", f"{STATES}.draw", EXACT)
def _(original):
    """States that are given are drawn all the same."""
    return lambda self, draw, fixed=None: original(self, draw, None)


@fault("populations-not-normalised", f"{STATES}._draw_flat", EXACT)
def _(original):
    """A number above the sum of the populations falls to the last state."""

    def wrong(self, u):
        flat = self.dag.flat
        totals = np.add.reduceat(flat.population, flat.start[:-1])
        return original(self, np.minimum(u / totals, 1 - 1e-12))

    return wrong


@fault("zero-population-uniform", f"{STATES}._no_population", EXACT)
def _(original):
    """States that all have population zero are not refused under that name."""

    def wrong(self, v):
        from polystate.errors import PopulationSum

        return PopulationSum("descriptors", "0", "above 0")

    return wrong


@fault("cholesky-upper", f"{POSITIVE}:cholesky", EXACT)
def _(original):
    """The upper factor is used."""
    return lambda u: np.swapaxes(original(u), -1, -2)


@fault("cholesky-symmetric-root", f"{POSITIVE}:cholesky", EXACT)
def _(original):
    """The symmetric square root is used, which has the same law and other numbers."""

    def wrong(u):
        values, vectors = np.linalg.eigh(u)
        return np.einsum("nij,nj,nkj->nik", vectors, np.sqrt(np.maximum(values, 0)), vectors)

    return wrong


@fault("cholesky-fails-on-singular", f"{POSITIVE}:cholesky", EXACT)
def _(original):
    """A library routine is used that refuses singular matrices."""
    return lambda u: np.linalg.cholesky(u) if len(u) else u


@fault("covariance-as-factor", f"{POSITIVE}:cholesky", EXACT)
def _(original):
    """The covariance itself is used as its factor."""
    return lambda u: u


@fault("draw-by-product", f"{STATES}._draw_flat", EXACT)
def _(original):
    """u times the sum of the populations is compared with the cumulated ones, which rounds in another way."""

    def wrong(self, u, given):
        chosen, start = original(self, u, given), self.dag.flat.start
        for k in np.flatnonzero(~given):
            sums = np.cumsum(self.dag.flat.population[start[k] : start[k + 1]])
            chosen[k] = min(np.searchsorted(sums, u[k] * sums[-1], "right"), len(sums) - 1)
        return chosen

    return wrong


@fault("psd-not-checked", f"{POSITIVE}:indefinite", EXACT)
def _(original):
    """Covariances that no motion has are drawn without a word."""
    return lambda u: np.zeros(0, np.int64)


@fault("psd-without-tolerance", f"{POSITIVE}:indefinite", EXACT)
def _(original):
    """A negative eigenvalue of any size is refused."""
    return lambda u: np.flatnonzero(np.linalg.eigvalsh(u)[:, 0] < 0) if len(u) else original(u)


@fault("psd-tolerance-of-a-negative-maximum", f"{POSITIVE}:indefinite", EXACT, "gaussian")
def _(original):
    """A negative largest eigenvalue makes the tolerance smaller."""

    def wrong(u):
        if not len(u):
            return original(u)
        values = np.linalg.eigvalsh(u)
        return np.flatnonzero(values[:, 0] < -(1e-6 * values[:, 2] + 1e-6))

    return wrong


@fault("clip-to-diagonal", f"{POSITIVE}:nearest_positive", EXACT)
def _(original):
    """An indefinite covariance is replaced by its diagonal."""
    return lambda u: np.maximum(u, 0) * np.eye(3)


@fault("clip-by-shift", f"{POSITIVE}:nearest_positive", EXACT)
def _(original):
    """An indefinite covariance is raised by its smallest eigenvalue on the whole diagonal."""
    return lambda u: u - np.linalg.eigvalsh(u)[:, :1, None] * np.eye(3) if len(u) else u


@fault("draws-by-descriptor", f"{RENDERING}:_snapshot", EXACT)
def _(original):
    """Every level is drawn by itself and the draws are added."""

    def wrong(request, psd, sampled):
        from dataclasses import replace

        snapshot = original(request, psd, [])
        xyz = snapshot.mean.copy()
        for d in sampled if request.draw is not None else ():
            xyz = xyz + original(request, "clip", [d]).xyz - snapshot.mean
        return replace(snapshot, xyz=xyz)

    return wrong


@fault("draw-covariance-of-default", f"{RENDERING}:_snapshot", EXACT)
def _(original):
    """Draws use the covariance of the default state."""

    def wrong(request, psd, sampled):
        from dataclasses import replace

        snapshot = original(request, psd, sampled)
        if request.draw is None:
            return snapshot
        default = replace(request, joint=request.dep.states.default())
        usual = original(default, psd, sampled)
        return replace(snapshot, xyz=snapshot.mean + usual.xyz - usual.mean)

    return wrong


@fault("broadcast-policy-ignored", f"{RENDERING}:broadcast_policy", "axes")
def _(original):
    """Every Gaussian descriptor takes part in the draw of a step."""
    return lambda d, policies=None: "sample_per_step"


@fault("broadcast-policy-of-request-ignored", f"{RENDERING}:broadcast_policy", "axes")
def _(original):
    """The policy of the document stands against that of the request."""
    return lambda d, policies=None: original(d, None)


@fault("broadcast-policy-always", f"{RENDERING}:_snapshot", "axes")
def _(original):
    """Descriptors of policy mean are never drawn, whether an axis is iterated or not."""
    from polystate.evaluation.rendering import broadcast_policy

    def wrong(request, psd, sampled):
        return original(request, psd, [d for d in sampled if broadcast_policy(d) == "sample_per_step"])

    return wrong


@fault("iterated-index-not-multiplied", f"{RENDERING}:_snapshot", "axes")
def _(original):
    """The draw index of a step is the index of the request plus the step."""

    def wrong(request, psd, sampled):
        from dataclasses import replace

        from polystate.numbers.philox import Draw

        if request.draw is not None and request.steps and len(request.steps) == len(request.dep.axes):
            total = int(np.prod([axis.length for axis in request.dep.axes.values()]))
            draw = Draw(request.draw.seed, request.draw.index // total + request.draw.index % total)
            request = replace(request, draw=draw)
        return original(request, psd, sampled)

    return wrong


@fault("iterated-order-reversed", f"{RENDERING}:iterate", "axes")
def _(original):
    """Iterated axes count in descending order of name."""

    def wrong(dep, *given, **options):
        import polystate.evaluation.rendering as module

        kept = module.__dict__.get("sorted")
        module.sorted = lambda values, **k: sorted(values, **k)[::-1]
        try:
            yield from original(dep, *given, **options)
        finally:
            if kept is None:
                del module.sorted

    return wrong


@fault("bundle-model-fixed", "polystate_conformance.implementations.reference:_many", "sampling-exact")
def _(original):
    """A stream of draws takes the most populated model of a bundle for all of them."""

    def wrong(dep, request, out_dir, seed, index, selection):
        steps = {**dep.request().steps, **selection.get("at", {})}
        return original(dep, request, out_dir, seed, index, {**selection, "at": steps})

    return wrong


@fault("step-for-uncovered-atoms", "polystate.evaluation.evaluate:is_active", "axes")
def _(original):
    """A descriptor along an axis needs its step whichever atoms are asked for."""
    return lambda d, request: original(d, replace(request, rows=np.arange(request.dep.n_atoms)))


@fault("clipped-of-the-total", f"{RENDERING}:_snapshot", EXACT, "axes")
def _(original):
    """Whether something was clipped is judged on U_total, also while an axis is iterated."""
    from polystate.numbers.positive import indefinite

    def wrong(request, psd, sampled):
        snapshot = original(request, psd, sampled)
        return replace(snapshot, clipped=psd == "clip" and len(indefinite(snapshot.covariance)) > 0)

    return wrong


@fault("clipped-of-the-first-draw", "polystate_conformance.implementations.reference:_many", EXACT)
def _(original):
    """Of several draws the first alone says whether something was clipped."""

    def wrong(dep, request, out_dir, seed, index, selection):
        ok = original(dep, request, out_dir, seed, index, selection)
        if "clipped" in ok:
            ok["clipped"] = original(dep, {**request, "count": 1}, out_dir, seed, index, selection)["clipped"]
        return ok

    return wrong
