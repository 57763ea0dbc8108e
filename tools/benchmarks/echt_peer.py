"""Amplitudes of given shapes by mmtbx.tls.optimise_amplitudes: run by the Python that has cctbx-base.

    python echt_peer.py shapes.npz result.npz

shapes.npz: u (N,), weights (N,) and, for G groups one after another, start (G + 1,), atom (M,), value (M,) =
Tr U / 3 of each group at unit amplitude; alpha, beta, first (starting amplitude), restarts. Isotropic numbers
stand as multiples of the unit matrix, which makes the peer's loss 3 w (u - p)^2. cctbx is imported before
NumPy, as it must be.
"""

import sys
import time

import numpy as np
from mmtbx.tls.optimise_amplitudes import OptimisationWeights, OptimiseAmplitudes
from scitbx.array_family import flex


def matrices(values):
    """Isotropic tensors as a flex array."""
    return flex.sym_mat3_double([(v, v, v, 0.0, 0.0, 0.0) for v in values.tolist()])


def main(source: str, target: str) -> None:
    """Optimise from equal amplitudes that add up to the mean input, restarted from its result while that helps."""
    given = np.load(source)
    n, groups = len(given["u"]), len(given["start"]) - 1
    cut = [(given["start"][g], given["start"][g + 1]) for g in range(groups)]
    targets = matrices(given["u"])
    targets.reshape(flex.grid(1, n))
    weights = flex.double(given["weights"].tolist())
    weights.reshape(flex.grid(1, n))
    amplitudes = np.full(groups + n, float(given["first"]))
    seconds, iterations, before = 0.0, 0, np.inf
    for _ in range(int(given["restarts"])):
        problem = OptimiseAmplitudes(
            target_uijs=targets,
            target_weights=weights,
            base_amplitudes=flex.double(amplitudes[:groups].tolist()),
            base_uijs=[matrices(given["value"][a:b]) for a, b in cut],
            base_atom_indices=[flex.size_t(given["atom"][a:b].tolist()) for a, b in cut],
            base_dataset_hash=flex.size_t(groups, 0),
            atomic_uijs=matrices(np.ones(n)),
            atomic_amplitudes=flex.double(amplitudes[groups:].tolist()),
            optimisation_weights=OptimisationWeights(float(given["alpha"]), float(given["beta"]), 0.0),
            convergence_tolerance=1e-8,
        )
        begin = time.process_time()
        problem.run()
        seconds += time.process_time() - begin
        iterations += problem.n_iter
        amplitudes = np.array(list(problem.result))
        field = amplitudes[groups:].copy()
        np.add.at(field, given["atom"], np.repeat(amplitudes[:groups], np.diff(given["start"])) * given["value"])
        loss = 3 * (given["weights"] * (given["u"] - field) ** 2).sum()
        value = loss + given["alpha"] * amplitudes.sum() + given["beta"] * (amplitudes**2).sum()
        if not value < before * (1 - 1e-3):
            break
        before = value
    np.savez(target, amplitudes=amplitudes, seconds=seconds, iterations=iterations)


if __name__ == "__main__":
    main(*sys.argv[1:])
