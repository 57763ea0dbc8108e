"""Everything that can be wrong with a deposition or a request, one class a mistake.

An error says where (a path in the store or in the request), what was found and what was expected.
Stages and codes are part of the specification (spec/17-errors.md)."""

from __future__ import annotations

import re
from typing import Any

LONGEST = 1000
"""Characters of what was found that an error repeats: whoever wrote a file can make it of any length."""
_LOGIN = re.compile(r"(?<=://)[^/?#\s]*@")


def without_login(text: str) -> str:
    """A text whose URLs have no user and password: those go to the server, and into no message, file or log."""
    return _LOGIN.sub("", text)


def _short(found: str) -> str:
    half = LONGEST // 2
    return found if len(found) <= LONGEST else f"{found[:half]} ... {found[-half:]}"


class PolystateError(Exception):
    """A deposition or a request that is refused."""

    stage = "evaluate"
    code = "error"

    def __init__(self, where: str, found: Any, expected: str) -> None:
        self.where, self.found, self.expected = (without_login(str(x)) for x in (where, _short(str(found)), expected))
        super().__init__(f"{self.where}: found {self.found}, expected {self.expected} [{self.stage}/{self.code}]")

    def to_json(self) -> dict[str, str]:
        """The error as the command line and the adapter protocol print it."""
        return {
            "stage": self.stage,
            "code": self.code,
            "where": self.where,
            "found": self.found,
            "expected": self.expected,
            "message": str(self),
        }


class ContainerError(PolystateError):
    """The bytes cannot be read as a store."""

    stage = "container"


class NotAStore(ContainerError):
    """There is no Zarr v3 group with a polystate document here."""

    code = "not-a-store"


class UnsupportedVersion(ContainerError):
    """The format version has another major number."""

    code = "unsupported-version"


class UnreadableArray(ContainerError):
    """An array's metadata or chunks are damaged."""

    code = "unreadable-array"


class UnreadableTable(ContainerError):
    """A table is not an Arrow IPC file."""

    code = "unreadable-table"


class UnsupportedCodec(ContainerError):
    """An array uses a codec outside the permitted list."""

    code = "unsupported-codec"


class AlreadyExists(ContainerError):
    """Something would be overwritten."""

    code = "already-exists"


class SchemaError(PolystateError):
    """A document does not have the shape that the schema requires."""

    stage = "schema"
    code = "schema-violation"


class MissingLayer(SchemaError):
    """A layer that every deposition has is missing."""

    code = "missing-layer"


class UnknownLayer(SchemaError):
    """A top-level group that the format does not know."""

    code = "unknown-layer"


class UnknownAlgebra(SchemaError):
    """A composition algebra outside the closed list."""

    code = "unknown-algebra"


class SemanticError(PolystateError):
    """Documents and arrays that contradict each other."""

    stage = "semantic"


class DuplicateId(SemanticError):
    """Two things share an id."""

    code = "duplicate-id"


class DuplicateRow(SemanticError):
    """A table holds the same key twice."""

    code = "duplicate-row"


class UnsortedRows(SemanticError):
    """A table's rows are not in the required order."""

    code = "unsorted-rows"


class ZeroRow(SemanticError):
    """A deltas table stores a displacement of zero."""

    code = "zero-row"


class UnknownAxis(SemanticError):
    """A sample axis that the deposition does not have."""

    code = "unknown-axis"


class UnknownGrouping(SemanticError):
    """A grouping that the deposition does not have."""

    code = "unknown-grouping"


class UnknownAtom(SemanticError):
    """An atom id that the hierarchy does not have."""

    code = "unknown-atom"


class UnknownState(SemanticError):
    """A condition that names a state, site or descriptor that does not exist."""

    code = "unknown-state"


class DanglingRow(SemanticError):
    """A row index that points outside its table."""

    code = "dangling-row"


class ScopeCycle(SemanticError):
    """Variables that depend on themselves."""

    code = "scope-cycle"


class PopulationRange(SemanticError):
    """A population below 0 or above 1."""

    code = "population-range"


class PopulationSum(SemanticError):
    """Populations of one variable or axis that sum above 1, or of a mixture that do not sum to 1."""

    code = "population-sum"


class OverlappingConditions(SemanticError):
    """Two rows of one state that can hold at once."""

    code = "overlapping-conditions"


class WrongShape(SemanticError):
    """An array of another shape than its descriptor requires."""

    code = "wrong-shape"


class WrongDtype(SemanticError):
    """An array of another data type than the format requires."""

    code = "wrong-dtype"


class NonFinite(SemanticError):
    """NaN or infinity where a number is due."""

    code = "non-finite"


class OutOfRange(SemanticError):
    """A parameter outside the range of its quantity."""

    code = "out-of-range"


class MissingArray(SemanticError):
    """An array or table that the descriptor requires is absent."""

    code = "missing-array"


class ReferenceMismatch(SemanticError):
    """A descriptor fitted to another reference, and no offset says how the two relate."""

    code = "reference-mismatch"


class AtomOutsideScope(SemanticError):
    """A row names an atom that its site or scope does not cover."""

    code = "atom-outside-scope"


class NotAPartition(SemanticError):
    """A scope that puts one atom under two labels."""

    code = "not-a-partition"


class WeightsRefused(SemanticError):
    """A weighted grouping used as a scope."""

    code = "weights-refused"


class DuplicateDrawKey(SemanticError):
    """Two random quantities share a draw key."""

    code = "duplicate-draw-key"


class AbsoluteConflict(SemanticError):
    """Two active absolute sources of coordinates for one atom."""

    code = "absolute-conflict"


class AdpCountedTwice(SemanticError):
    """A total ADP beside another Gaussian descriptor on the same atom."""

    code = "adp-counted-twice"


class ScopeOverlap(SemanticError):
    """Transforms whose scopes overlap without containment."""

    code = "scope-overlap"


class UnsupportedCombination(SemanticError):
    """A regime and mode, or an operator and algebra, that have no procedure together."""

    code = "unsupported-combination"


class AxisLength(SemanticError):
    """An array whose first dimension is not the length of its axis."""

    code = "axis-length"


class QuaternionNorm(SemanticError):
    """A quaternion that is not of unit length."""

    code = "quaternion-norm"


class DerivedCycle(SemanticError):
    """Descriptors derived from each other in a circle."""

    code = "derived-cycle"


class DerivedMismatch(SemanticError):
    """A stored value that differs from what its recorded function gives."""

    code = "derived-mismatch"


class MissingProvenance(SemanticError):
    """A continuous stack of several levels without its fitting provenance."""

    code = "missing-provenance"


class TlsNotNormalised(SemanticError):
    """A TLS row whose amplitude and matrices contradict each other."""

    code = "tls-not-normalised"


class Stale(SemanticError):
    """Atoms, reference or inputs changed since the fit (refused under strict only)."""

    code = "stale"


class OperatorError(PolystateError):
    """An operator or artifact that cannot be used."""

    stage = "operator"


class UnknownOperator(OperatorError):
    """An operator that the registry does not have."""

    code = "unknown-operator"


class HashMismatch(OperatorError):
    """A pinned operator hash that is not the registry's."""

    code = "hash-mismatch"


class CodeNotAllowed(OperatorError):
    """A body that runs code, without the caller's permission."""

    code = "code-not-allowed"


class PickleRefused(OperatorError):
    """A body that is a pickle."""

    code = "pickle-refused"


class MissingArtifact(OperatorError):
    """An external file that is not there."""

    code = "missing-artifact"


class UriNotAllowed(OperatorError):
    """A URI whose scheme or path is not permitted."""

    code = "uri-not-allowed"


class ArtifactMismatch(OperatorError):
    """An external file whose content is not what the descriptor pins."""

    code = "artifact-mismatch"


class EvaluateError(PolystateError):
    """A request that the deposition cannot answer."""


class IllegalState(EvaluateError):
    """A joint state that the scope DAG does not permit."""

    code = "illegal-state"


class StateNotFound(EvaluateError):
    """A request that names a variable or a label that does not exist."""

    code = "state-not-found"


class TooEntangled(EvaluateError):
    """A scope DAG whose joint states cannot be counted within the stated treewidth."""

    code = "too-entangled"


class NoClosedForm(EvaluateError):
    """Moments of a decoder whose drawn components go through it in no straight line."""

    code = "no-closed-form"


class NoPopulation(EvaluateError):
    """A draw from states whose populations are all zero."""

    code = "no-population"


class AxisIndex(EvaluateError):
    """An index outside a sample axis."""

    code = "axis-index"


class AxisNotGiven(EvaluateError):
    """A descriptor on a sample axis whose index the request does not give."""

    code = "axis-not-given"


class NotPositiveSemidefinite(EvaluateError):
    """A covariance that no motion has, where a draw is asked for."""

    code = "not-positive-semidefinite"


class DrawRange(EvaluateError):
    """A seed or draw index outside 64 bits."""

    code = "draw-range"


class OutputShape(EvaluateError):
    """A decoder whose output has another shape than its atoms."""

    code = "output-shape"


class NonFiniteOutput(EvaluateError):
    """A decoder or trajectory that gives NaN or infinity."""

    code = "non-finite-output"


class AtomNotFound(EvaluateError):
    """A request that names an atom that the hierarchy does not have."""

    code = "atom-not-found"


class BadRequest(EvaluateError):
    """A request that cannot be understood."""

    code = "bad-request"
