"""An iterable over a dataset whose samples do not depend on how many workers or processes share it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

from polystate.errors import BadRequest
from polystate.torch.samples import Sample, Samples


class Stream(IterableDataset[Sample]):
    """The samples of a dataset, one epoch, in an order that a seed and the number of the epoch give.

    Of each epoch every worker of every process takes its share: together each sample once, whatever their number.
    shuffle: False keeps the dataset's order. rank, world: of this process, where torch.distributed does not say so."""

    def __init__(
        self, samples: Samples, seed: int, *, shuffle: bool = True, rank: int | None = None, world: int | None = None
    ) -> None:
        if (rank is None) != (world is None) or (world is not None and not 0 <= int(rank or 0) < world):
            raise BadRequest("rank/world", f"{rank}/{world}", "both, and 0 <= rank < world")
        self.samples, self.seed, self.shuffle, self.epoch = samples, seed, shuffle, 0
        self._share = (int(rank or 0), world) if world is not None else None

    def set_epoch(self, epoch: int) -> None:
        """Which order comes next; called before the workers of an epoch start."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Of this process."""
        rank, world = self._process()
        return len(range(rank, len(self.samples), world))

    def __iter__(self) -> Iterator[Sample]:
        order = np.arange(len(self.samples))
        if self.shuffle:
            order = np.random.default_rng((self.seed, self.epoch)).permutation(order)
        rank, world = self._process()
        worker = get_worker_info()
        mine, all_of_them = (0, 1) if worker is None else (worker.id, worker.num_workers)
        for number in order[rank + world * mine :: world * all_of_them].tolist():
            yield self.samples[number]

    def _process(self) -> tuple[int, int]:
        if self._share is not None:
            return self._share
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            return torch.distributed.get_rank(), torch.distributed.get_world_size()
        return 0, 1
