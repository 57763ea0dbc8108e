"""Wrong tables and mixtures of a latent space: another cell than the nearest, another Gaussian, other sums."""

from fractions import Fraction

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

CELL = "polystate.operators.lookup_table.nearest_v1:cell"
MIXTURE = "polystate.operators.basis.gaussian_mixture_v1"
PLACES = "decoder", "registry", "sampling-exact", "moments"


@fault("lookup-first-component-alone", CELL, *PLACES)
def _(original):
    """The nearest cell is that along the first component."""
    return lambda latent, centre: original(latent[:1], centre[:, :1])


@fault("lookup-city-block", CELL, *PLACES)
def _(original):
    """Distances are sums of absolute differences."""
    return lambda latent, centre: int(np.abs(np.asarray(latent) - np.asarray(centre)).sum(axis=1).argmin())


@fault("lookup-latent-as-index", CELL, *PLACES)
def _(original):
    """The first component, rounded, is the number of the cell."""
    return lambda latent, centre: int(np.clip(np.rint(latent[0]), 0, len(centre) - 1))


@fault("lookup-last-of-ties", CELL, *PLACES)
def _(original):
    """Of cells that tie the last is taken."""
    return lambda latent, centre: len(centre) - 1 - original(latent, np.asarray(centre)[::-1])


@fault("lookup-sums-backwards", CELL, *PLACES)
def _(original):
    """Squares are added from the last component on."""
    return lambda latent, centre: original(np.asarray(latent)[::-1], np.asarray(centre)[:, ::-1])


@fault("lookup-expanded", CELL, *PLACES)
def _(original):
    """Squared distances are expanded into products."""

    def wrong(latent, centre):
        z, c = np.asarray(latent, float), np.asarray(centre, float)
        return int(((z * z).sum() - 2 * c @ z + (c * c).sum(axis=1)).argmin())

    return wrong


@fault("lookup-fused", CELL, *PLACES)
def _(original):
    """A square is added before it is rounded."""

    def wrong(latent, centre):
        sums = [0.0] * len(centre)
        for c, row in enumerate(np.asarray(centre, float)):
            for apart in np.asarray(latent, float) - row:
                sums[c] = float(Fraction(float(apart)) ** 2 + Fraction(sums[c]))
        return int(np.argmin(sums))

    return wrong


@fault("lookup-in-more-digits", CELL, *PLACES)
def _(original):
    """Distances are exact, and ties those of real numbers."""

    def wrong(latent, centre):
        apart = [[Fraction(float(z)) - Fraction(float(x)) for z, x in zip(latent, row, strict=True)] for row in centre]
        sums = [sum(x * x for x in row) for row in apart]
        return sums.index(min(sums))

    return wrong


@fault("lookup-without-cells", "polystate.rules.mean:amplitude_errors", "validate")
def _(original):
    """A table may have no cell."""
    return edited('if d.has("centre") and not len', "if False and not len")(original)


AMPLITUDES = f"{MIXTURE}:amplitudes"
DRAWN = "displacement", "axes", "sampling-exact", "registry"


@fault("mixture-still-at-zero", f"{MIXTURE}:expectation", *DRAWN, "moments")
def _(original):
    """Amplitudes of a mixture are 0 without a draw."""
    return lambda population, mean: np.zeros(mean.shape[1])


@fault("mixture-still-in-the-likeliest", f"{MIXTURE}:expectation", *DRAWN, "moments")
def _(original):
    """Without a draw a mixture is at the mean of its likeliest Gaussian."""
    return lambda population, mean: mean[int(np.argmax(population))]


@fault("mixture-means-alike", f"{MIXTURE}:expectation", *DRAWN, "moments")
def _(original):
    """The means of all Gaussians count alike."""
    return lambda population, mean: mean.mean(axis=0)


@fault("mixture-factor-transposed", AMPLITUDES, *DRAWN)
def _(original):
    """Normal numbers are multiplied by the columns of a factor."""
    return edited("factor[chosen] @ normal", "normal @ factor[chosen]")(original)


@fault("mixture-drawn-about-zero", AMPLITUDES, *DRAWN)
def _(original):
    """The mean of the chosen Gaussian is left out."""
    return edited("mean[chosen] + factor", "factor")(original)


@fault("mixture-populations-undivided", AMPLITUDES, *DRAWN)
def _(original):
    """A Gaussian is chosen by sums that are not divided by the last."""
    return edited("sums / sums[-1]", "sums")(original)


@fault("mixture-choice-of-stream-2", "polystate.numbers.philox:MIXTURE", "sampling-exact")
def _(original):
    """A Gaussian is chosen by the word that its first normal number is made of."""
    return 2


@fault("mixture-choice-by-the-last-key", "polystate.evaluation.evaluate:_of_mixture", "sampling-exact")
def _(original):
    """A Gaussian is chosen by the draw key of the last component."""
    return edited("[:1]", "[-1:]")(original)


@fault("mixture-moments-about-the-means", f"{MIXTURE}:covariance", "moments")
def _(original):
    """The covariance of a mixture is that within its Gaussians."""
    return lambda population, mean, factor, variance: original(population, 0 * mean, factor, variance)


@fault("mixture-moments-of-unit-variances", f"{MIXTURE}:covariance", "moments")
def _(original):
    """The covariance of a mixture is made with variances of 1."""
    return lambda population, mean, factor, variance: original(population, mean, factor, np.ones_like(variance))


@fault("mixture-sum-exact", "polystate.rules.mean:amplitude_errors", "validate")
def _(original):
    """The populations of a mixture are 1 in sum without a tolerance."""
    return edited("abs(total - 1) <= joint.TOLERANCE", "abs(total - 1) <= 1e-9")(original)


@fault("mixture-sum-loose", "polystate.rules.mean:amplitude_errors", "validate")
def _(original):
    """The populations of a mixture may differ from 1 by 2e-6 in sum."""
    return edited("abs(total - 1) <= joint.TOLERANCE", "abs(total - 1) <= 2 * joint.TOLERANCE")(original)


@fault("mixture-sum-of-a-variable", "polystate.rules.mean:amplitude_errors", "validate")
def _(original):
    """The populations of a mixture may leave a rest, like those of a variable."""
    return edited("abs(total - 1) <= joint.TOLERANCE", "total - 1 <= joint.TOLERANCE")(original)


@fault("mixture-half-drawn", f"{MIXTURE}:gaussian_mixture_v1", "registry")
def _(original):
    """Half of a draw of a mixture is taken for none."""
    return edited("len(draw) == 1", "False")(original)


@fault("lookup-sums-in-pairs", CELL, *PLACES)
def _(original):
    """Squares are added in pairs, as a library sums."""

    def wrong(latent, centre):
        squares = np.ascontiguousarray((np.asarray(latent, float) - np.asarray(centre, float)) ** 2)
        return int(squares.sum(axis=1).argmin())

    return wrong
