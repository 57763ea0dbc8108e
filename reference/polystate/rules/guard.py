"""A model that is judged before it is used: the first thing that is wrong is raised where it would matter."""

from __future__ import annotations

from functools import cached_property

from polystate.model.descriptor import Descriptor
from polystate.model.model import Model
from polystate.rules.validate import Report, document_errors, payload_errors, validate


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
            self._judged.add("documents")

    def check_payload(self, d: Descriptor, part: str = "all") -> None:
        """Raise the first thing that is wrong with a descriptor's arrays and tables."""
        if f"{d.id}/{part}" not in self._judged:
            for error in payload_errors(d, part):
                raise error
            self._judged.add(f"{d.id}/{part}")

    def validate(self, strict: bool = False, regenerate: bool = False, artifacts: bool = False) -> Report:
        """Everything that is wrong, and what is only doubtful: a Report with `valid`, `errors`, `warnings`.

        regenerate: compute again what `derived_from` says how to compute, and compare. artifacts: verify what lies
        outside the deposition too."""
        return validate(self, strict, regenerate, artifacts)
