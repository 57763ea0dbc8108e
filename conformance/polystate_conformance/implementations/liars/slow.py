"""Says hello and then never answers."""

import time

from polystate_conformance import protocol
from polystate_conformance.implementations.liars import claim_everything


def handle(message: dict) -> dict:
    time.sleep(3600)
    return {"ok": {}}


if __name__ == "__main__":
    protocol.serve(claim_everything("slow"), handle)
