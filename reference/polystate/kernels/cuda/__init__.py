"""The same functions for CUDA devices. numba.cuda is imported in `shim.py` and nowhere else."""
