"""Imported once by the server that forks the workers of the kill table, so that no worker pays for it again."""

import jsonschema  # noqa: F401
import pyarrow.ipc  # noqa: F401
import scipy.special  # noqa: F401
import zarr  # noqa: F401

import polystate.deposition
import polystate.editing.text_form
import polystate.questions.describe
import polystate.rules.validate
import polystate.store.writing  # noqa: F401
from polystate_conformance.implementations import reference  # noqa: F401
from polystate_conformance.selftest import kill
from polystate_schemas import documents, registry

registry.entries()
for kind in documents.kinds():
    documents.json_schema(kind)
for family in kill.FAMILIES:
    kill.known(family)
