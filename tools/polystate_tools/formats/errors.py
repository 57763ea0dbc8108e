"""What can be wrong with a structure file, or with the request to import or export it."""

from __future__ import annotations

from polystate.errors import ContainerError, EvaluateError, SemanticError


class UnreadableFile(ContainerError):
    """The bytes are not a file of the format: truncated, binary garbage, or not text."""

    code = "unreadable-file"


class UnknownFormat(ContainerError):
    """The format can be told neither from the name nor from the content."""

    code = "unknown-format"


class MissingReader(ContainerError):
    """The format needs a package that is not installed."""

    code = "missing-reader"


class DownloadFailed(ContainerError):
    """An entry that could not be fetched, or whose content is not what was pinned."""

    code = "download-failed"


class WrongColumns(SemanticError):
    """A field that does not hold what its column holds: shifted columns, text where a number is due."""

    code = "wrong-columns"


class NoAtoms(SemanticError):
    """A file without atom records."""

    code = "no-atoms"


class NonFiniteRecord(SemanticError):
    """A record whose coordinates, occupancy or B are not numbers."""

    code = "non-finite"


class DuplicateRecord(SemanticError):
    """Two records of one atom in one alternate of one model (refused under strict only)."""

    code = "duplicate-record"


class OccupancyRange(SemanticError):
    """An occupancy below zero, or, under strict, occupancies of one atom that sum above 1."""

    code = "occupancy-range"


class RecordRange(SemanticError):
    """A record with a coordinate, occupancy, B or U that no molecule has, so that what is made of it would overflow."""

    code = "out-of-range"


class BFactorsUnstated(SemanticError):
    """[EXP-17] TLS records beside B-factors of which the file does not say whether they contain the TLS part."""

    code = "b-factors-unstated"


class TlsSelection(SemanticError):
    """A TLS group whose selection cannot be read, or that shares atoms with another."""

    code = "tls-selection"


class TlsNotPositive(SemanticError):
    """A TLS record whose mean trace over its atoms is not positive, so that it has no amplitude."""

    code = "tls-not-positive"


class HeterogeneityExtension(SemanticError):
    """A heterogeneity extension that contradicts itself or the atoms."""

    code = "heterogeneity-extension"


class InvalidImport(SemanticError):
    """The importer made a deposition that is not valid; it is the importer's fault, whatever the file says."""

    code = "invalid-import"


class CannotHold(EvaluateError):
    """[EXP-23] Something the target format has no room for."""

    code = "cannot-hold"


class BadOption(EvaluateError):
    """An option that does not apply, or that names nothing."""

    code = "bad-option"
