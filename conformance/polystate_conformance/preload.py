"""Imported once by the server that forks the workers of the kill table, so that no worker pays for it again."""

import jsonschema  # noqa: F401
import pyarrow.ipc  # noqa: F401
import scipy.special  # noqa: F401
import zarr  # noqa: F401

import polystate.deposition
import polystate.describe
import polystate.text
import polystate.validate
import polystate.writing  # noqa: F401
from polystate_conformance import mutants
from polystate_conformance.implementations import reference  # noqa: F401
from polystate_schemas import registry, schema

registry.entries()
for kind in schema.kinds():
    schema.json_schema(kind)
mutants.load()
