"""A model that is judged before it is used: the first thing that is wrong is raised where it would matter."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from polystate.errors import PolystateError
from polystate.model.descriptor import Descriptor
from polystate.model.model import Model
from polystate.rules import hierarchy
from polystate.rules.descriptors import described
from polystate.rules.payloads import value_errors
from polystate.rules.validate import Report, document_errors, payload_errors, validate

J = TypeVar("J", bound="Judged")
T = TypeVar("T")


def answering(cls: type[J]) -> type[J]:
    """A class of questions that are answered, or refused by the first thing that validation finds.

    What is wrong where nobody looked first (a column of another length, a number that is none) shows as an error of
    NumPy or Arrow; it gets the name that validation gives it. An error of a valid deposition stays what it is."""
    for name, method in vars(cls).copy().items():
        if callable(method) and not name.startswith("_"):
            setattr(cls, name, _answering(method))
    return cls


def _answering(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(self: Judged, *given: Any, **named: Any) -> Any:
        with self.answering():
            found = method(self, *given, **named)
        return _each(self, found) if isinstance(found, Iterator) else found

    return call


def _each(model: Judged, found: Iterator[T]) -> Iterator[T]:
    """What is made one after the other goes wrong when it is asked for."""
    with model.answering():
        yield from found


class Judged(Model):
    """A model whose documents and payloads are judged when they are first relied on, each part once."""

    @cached_property
    def _judged(self) -> set[str]:
        return set()

    def check_documents(self) -> None:
        """Raise the first thing that is wrong with the documents (no array is read)."""
        if "documents" not in self._judged:
            for error in document_errors(self):
                raise error
            self.judged("documents")

    def check_payload(self, d: Descriptor, part: str = "all") -> None:
        """Raise the first thing that is wrong with a descriptor's arrays and tables."""
        if not self._judged & {f"{d.id}/{part}", f"{d.id}/all"}:
            for error in payload_errors(d, part):
                raise error
            self.judged(f"{d.id}/{part}")

    def judged(self, part: str) -> None:
        """A part is good: it is not judged again when it is relied on."""
        self._judged.add(part)

    def check_values(self, d: Descriptor, name: str, values: np.ndarray) -> None:
        """Judge all of a payload where a part of one of its arrays looks wrong."""
        if any(value_errors(d.path, values, described(d)["arrays"][name])):
            self.check_payload(d)

    def check_column(self, table: str, name: str) -> None:
        """Raise the first thing that is wrong with a column of the hierarchy."""
        key = f"{table}/{name}"
        if key not in self._judged:
            for error in hierarchy.column_errors(self.tree, table, name):
                raise error
            self._judged.add(key)

    def check_reference(self) -> None:
        """Raise the first thing that is wrong with the reference coordinates."""
        for error in hierarchy.reference_errors(self.tree, self.n_atoms):
            raise error

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Name what goes wrong meanwhile as validation does, if the deposition is not valid."""
        try:
            yield
        except PolystateError:
            raise
        except Exception as error:
            found = validate(self).errors
            if found:
                raise found[0] from error
            raise

    def validate(self, strict: bool = False, regenerate: bool = False, artifacts: bool = False) -> Report:
        """Everything that is wrong, and what is only doubtful: a Report with `valid`, `errors`, `warnings`.

        regenerate: compute again what `derived_from` says how to compute, and compare. artifacts: verify what lies
        outside the deposition too."""
        return validate(self, strict, regenerate, artifacts)
