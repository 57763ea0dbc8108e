"""Returns every array without its last atom."""

import numpy as np

from polystate_conformance import protocol
from polystate_conformance.implementations.liars import atom_count, blank, claim_everything


def handle(message: dict) -> dict:
    return blank(message, np.zeros((max(0, atom_count(message["deposition"]) - 1), 3)))


if __name__ == "__main__":
    protocol.serve(claim_everything("wrong_shape"), handle)
