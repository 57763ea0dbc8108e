"""Wrong tables over a latent space: another cell than the nearest, and other sums."""

from fractions import Fraction

import numpy as np

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited

CELL = "polystate.operators.lookup_table.nearest_v1:cell"
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
