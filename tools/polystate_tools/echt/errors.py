"""What can be wrong with the input of a fit, beyond what an import already refuses."""

from __future__ import annotations

from polystate.errors import SemanticError


class BFactorRange(SemanticError):
    """Atoms whose B is zero, negative, not a number or above what any atom has; they are named."""

    code = "b-factor-range"


class NothingToFit(SemanticError):
    """No atom is left after the selection, or none has a B-factor."""

    code = "nothing-to-fit"


class ResidualWithoutTls(SemanticError):
    """B-factors that are the rest beside TLS groups which the file does not have."""

    code = "residual-without-tls"


class LevelOverlap(SemanticError):
    """Two groups of one level that claim the same atom."""

    code = "level-overlap"


class LevelIncomplete(SemanticError):
    """A level that leaves atoms out without saying so."""

    code = "level-incomplete"


class UnknownLevel(SemanticError):
    """A level that is neither one of the standard ones nor in the file of domains."""

    code = "unknown-level"


class MissingPackage(SemanticError):
    """An optional package that this part of the fit needs is not installed."""

    code = "missing-package"


class NotConverged(SemanticError):
    """A fit that cannot be certified even at its first step."""

    code = "fit-not-converged"
