"""Ends with an error in the middle of every third request; calls the others valid."""

import os
import sys

from polystate_conformance import protocol
from polystate_conformance.implementations.liars import claim_everything


def handle(message: dict) -> dict:
    if int(message["seq"]) % 3 == 0:
        print("segmentation fault, or so it says", file=sys.stderr, flush=True)
        sys.stdout.write('{"seq": "')
        sys.stdout.flush()
        os._exit(139)
    return {"ok": {"valid": True}}


if __name__ == "__main__":
    protocol.serve(claim_everything("crash"), handle)
