"""Depositions as training data for torch: samples by number, batches of structures of different size.

    from torch.utils.data import DataLoader
    from polystate.torch import Draws, padded

    data = Draws(["1ejg.zarr", "6vxx.zarr"], n=1000, seed=7, atoms="*/*/CA")
    for batch in DataLoader(data, batch_size=32, shuffle=True, num_workers=4, collate_fn=padded):
        batch["xyz"], batch["present"], batch["atomic_number"]

A sample depends on its number alone, not on the worker that makes it nor on what was made before."""

from __future__ import annotations

try:
    import torch as _torch  # noqa: F401
except ImportError as error:
    raise ImportError("polystate.torch needs torch: pip install 'polystate[torch]'") from error

from polystate.torch.batches import packed, padded
from polystate.torch.samples import Draws, Frames, Samples, States
from polystate.torch.stream import Stream

__all__ = ["Draws", "Frames", "Samples", "States", "Stream", "packed", "padded"]
