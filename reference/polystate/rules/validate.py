"""Validation: every error and warning of a deposition, in the order in which a reader would meet them.

The rules stand by subject, a module a chapter; here stands only when each is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from polystate.errors import (
    PolystateError,
)
from polystate.model.model import Model
from polystate.rules import (
    axes,
    covariance,
    descriptors,
    documents,
    doubtful,
    groupings,
    hierarchy,
    mean,
    operators,
    states,
)
from polystate.rules.artifacts import artifact_errors
from polystate.rules.derivation import mismatches, stale
from polystate.rules.descriptors import payload_errors
from polystate_schemas.documents import kind_of_path


@dataclass
class Report:
    """What validation found. Errors make a deposition invalid; warnings do not."""

    errors: list[PolystateError] = field(default_factory=list)
    warnings: list[dict[str, str]] = field(default_factory=list)

    @property
    def valid(self) -> bool:
        return not self.errors

    def to_json(self) -> dict[str, Any]:
        """The report as `polystate validate --json` prints it."""
        return {"valid": self.valid, "errors": [e.to_json() for e in self.errors], "warnings": self.warnings}


def validate(dep: Model, strict: bool = False, regenerate: bool = False, artifacts: bool = False) -> Report:
    """Read everything and report all that is wrong; one broken part does not hide the others.

    strict: what is stale is an error. regenerate: what an operator made is made again and compared. artifacts: what
    lies outside the deposition is looked for and verified too."""
    report = Report()
    _collect(report, document_errors(dep))
    if report.errors:
        return report  # the arrays have no agreed meaning
    dep.judged("documents")
    _collect(report, ground_errors(dep))
    if report.errors:
        return report
    for d in dep.descriptors.values():
        wrong = len(report.errors)
        _collect(report, payload_errors(d, "values"))
        if len(report.errors) == wrong:
            dep.judged(f"{d.id}/all")
    if not report.errors:
        _collect(report, state_errors(dep))
        _collect(report, cross_errors(dep))
    if regenerate and not report.errors:
        _collect(report, mismatches(dep))
    if artifacts and not report.errors:
        _collect(report, artifact_errors(dep))
    report.warnings += doubtful.warnings(dep, sound=not report.errors)
    changed = list(stale(dep)) if not report.errors else []
    if strict:
        report.errors += changed
    else:
        report.warnings += [e.to_json() for e in changed]
    return report


def _collect(report: Report, errors: Iterator[PolystateError]) -> None:
    try:
        for error in errors:
            report.errors.append(error)
    except PolystateError as error:  # raised while looking: it ends this part only
        report.errors.append(error)


def document_errors(dep: Model) -> Iterator[PolystateError]:
    """What is wrong with layers, documents and the references between them; no array is read."""
    yield from documents.layer_errors(dep.tree)
    yield from documents.text_errors(dep.tree)
    yield from documents.number_errors(dep.tree)
    yield from documents.name_errors(dep.tree)
    readable = True
    for path, group in dep.tree.items():
        kind = kind_of_path(path)
        if kind:
            for error in documents.schema_errors(kind, path, documents.written(kind, group)):
                readable &= kind not in ("descriptor", "landmarks")
                yield error
        if kind == "grouping":
            yield from groupings.label_errors(path, group)
    if readable:  # what a descriptor names is looked up in others, which have to have the right form
        for d in dep.descriptors.values():
            yield from descriptors.document_errors(dep, d)
        yield from operators.assignment_errors(dep)


def ground_errors(dep: Model) -> Iterator[PolystateError]:
    """What is wrong with the hierarchy, the reference, bodies of operators, groupings, landmarks and axes."""
    sizes: dict[str, int] = {}
    yield from hierarchy.table_errors(dep, sizes)
    if not sizes:
        return
    yield from hierarchy.errors(dep, sizes)
    yield from operators.body_group_errors(dep)
    yield from hierarchy.draw_key_errors(dep)
    for name, grouping in dep.groupings.items():
        yield from groupings.grouping_errors(dep, name, grouping)
    yield from operators.landmark_errors(dep)
    yield from axes.axis_errors(dep)


def state_errors(dep: Model) -> Iterator[PolystateError]:
    """Conditions, cycles, populations and draw keys of all discrete descriptors."""
    yield from states.dag_errors(dep)
    yield from axes.shared_axis_errors(dep)
    yield from states.draw_key_errors(dep)


def cross_errors(dep: Model) -> Iterator[PolystateError]:
    """Rules between descriptors that touch the same atoms."""
    known = [d for d in dep.descriptors.values() if d.signal_type != "unknown"]
    yield from mean.absolute_errors(dep, [d for d in known if d.is_absolute])
    yield from covariance.adp_errors(dep, [d for d in known if d.is_gaussian])
    yield from mean.transform_errors(dep, [d for d in known if d.is_transform])
    yield from operators.landmark_width_errors(dep)
