"""Answers each request with the number of another one."""

from polystate_conformance import protocol
from polystate_conformance.implementations.liars import claim_everything


def handle(message: dict) -> dict:
    return {"seq": str(int(message["seq"]) + 1), "ok": {"valid": True}}


if __name__ == "__main__":
    protocol.serve(claim_everything("out_of_order"), handle)
