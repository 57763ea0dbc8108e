"""Refuses every request as a schema violation."""

from polystate_conformance import protocol
from polystate_conformance.implementations.liars import claim_everything

REFUSAL = {"stage": "schema", "code": "schema-violation", "where": "zarr.json"}

if __name__ == "__main__":
    protocol.serve(claim_everything("reject_all"), lambda message: {"rejected": REFUSAL})
