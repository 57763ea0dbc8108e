"""Numbers that the specification fixes, each once: the evaluator, its kernels and the tools take them from here."""

from __future__ import annotations

EIGHT_PI_SQUARED = 78.95683520871486  # B over U, [ADP-1]
VOIGT = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))  # order of the six components of U, T and L

PSD_RELATIVE, PSD_ABSOLUTE = 1e-6, 1e-6  # of λ_max, and Å²: how negative λ_min may be, [COV-8]
PIVOT = 1e-12  # of the trace: a pivot of a factor at or below it gives a zero column

PHILOX_M0, PHILOX_M1 = 0xD2511F53, 0xCD9E8D57  # multipliers and Weyl steps of Philox4x32 (Salmon et al., SC'11)
PHILOX_W0, PHILOX_W1 = 0x9E3779B9, 0xBB67AE85
ROUNDS = 10
GAUSSIAN, DISCRETE, LATENT, MIXTURE = 0, 1, 2, 3  # streams
