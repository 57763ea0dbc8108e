"""The evaluator's hot functions once more, for Numba (CPU) and CUDA."""
