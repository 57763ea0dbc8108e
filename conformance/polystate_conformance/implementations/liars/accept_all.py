"""Calls every deposition valid and answers every request with nothing."""

from polystate_conformance import protocol
from polystate_conformance.implementations.liars import claim_everything

if __name__ == "__main__":
    protocol.serve(claim_everything("accept_all"), lambda message: {"ok": {"valid": True}})
