"""Samples of different size in one batch: padded to the largest, or packed one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from polystate.torch.samples import Sample

OF_ATOMS = ("xyz", "present", "atomic_number", "residue", "chain", "residue_type", "atom_id")


def padded(samples: Sequence[Sample]) -> dict[str, Tensor]:
    """A batch of B samples with as many atoms as the largest has, N.

    xyz (B, N, 3), present (B, N) and the features (B, N): 0 and False beyond the atoms of a sample; mask (B, N): where
    there is an atom; bonds (B, 2, most bonds): -1 beyond those of a sample; entry, index and others (B,)."""
    sizes = [len(s["xyz"]) for s in samples]
    batch = {name: _pad([s[name] for s in samples], 0) for name in OF_ATOMS}
    batch["mask"] = torch.arange(max(sizes, default=0)) < torch.tensor(sizes)[:, None]
    batch["bonds"] = _pad([s["bonds"].T for s in samples], -1).transpose(1, 2)
    return {**batch, **_others(samples)}


def packed(samples: Sequence[Sample]) -> dict[str, Tensor]:
    """A batch of B samples as one large structure, as PyTorch Geometric has it.

    xyz (ΣN, 3), present and the features (ΣN,), residues and chains counted on; batch (ΣN,): the sample of each atom;
    ptr (B + 1,): where each sample begins; bonds (2, ΣM): places in the whole; entry, index and others (B,)."""
    sizes = torch.tensor([len(s["xyz"]) for s in samples])
    ptr = torch.cat([torch.zeros(1, dtype=torch.int64), sizes.cumsum(0)])
    batch = {name: torch.cat([s[name] for s in samples]) for name in OF_ATOMS if name not in ("residue", "chain")}
    for name in ("residue", "chain"):
        begin, parts = 0, []
        for s in samples:
            parts.append(s[name] + begin)
            begin += int(s[name].max()) + 1 if len(s[name]) else 0
        batch[name] = torch.cat(parts)
    batch["batch"] = torch.repeat_interleave(torch.arange(len(samples)), sizes)
    batch["ptr"] = ptr
    batch["bonds"] = torch.cat(
        [s["bonds"] + int(first) for s, first in zip(samples, ptr.tolist(), strict=False)], dim=1
    )
    return {**batch, **_others(samples)}


def _pad(tensors: Sequence[Tensor], value: int) -> Tensor:
    return torch.nn.utils.rnn.pad_sequence(list(tensors), batch_first=True, padding_value=value)


def _others(samples: Sequence[Sample]) -> dict[str, Tensor]:
    """What is one number a sample."""
    names = [name for name, value in samples[0].items() if not isinstance(value, Tensor)]
    return {name: torch.tensor([s[name] for s in samples]) for name in names}
