"""Accepts everything; every number is zero, in the right shape."""

import numpy as np

from polystate_conformance import protocol
from polystate_conformance.implementations.liars import atom_count, blank, claim_everything


def handle(message: dict) -> dict:
    return blank(message, np.zeros((atom_count(message["deposition"]), 3)))


if __name__ == "__main__":
    protocol.serve(claim_everything("all_zero"), handle)
