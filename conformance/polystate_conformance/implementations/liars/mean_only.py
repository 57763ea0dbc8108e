"""Accepts everything; every conformation is the stored reference, nothing varies."""

from polystate_conformance import protocol
from polystate_conformance.implementations.liars import blank, claim_everything, x_ref


def handle(message: dict) -> dict:
    return blank(message, x_ref(message["deposition"]))


if __name__ == "__main__":
    protocol.serve(claim_everything("mean_only"), handle)
