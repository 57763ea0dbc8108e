"""What a caller chooses of an import and of an export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from polystate_tools.formats.errors import BadOption


@dataclass(frozen=True)
class ImportOptions:
    """How a file is read where it leaves a choice.

    altloc: "sites" (alternates that are bonded or in one place are one variable), "bonded" (those that are bonded) or
    "global" (letters hold for the whole molecule);
    b_factors: None, "total" or "residual", what the deposited B are beside TLS records; tls: "normalise" or
    "keep" (a group of non-positive amplitude is stored as it is); model: import one model of a bundle.
    """

    altloc: str = "sites"
    b_factors: str | None = None
    tls: str = "normalise"
    strict: bool = False
    model: int | None = None
    het: bool = True
    """Read a heterogeneity extension where the file has one."""
    collapse_duplicates: bool = False
    """Merge alternates of a site that are equal in coordinates and ADPs; their occupancies add."""
    weights: Sequence[float] | None = None
    """Of the models of a bundle, in file order and any scale; instead of what the file says."""

    def __post_init__(self) -> None:
        for name, allowed in (
            ("altloc", ("sites", "bonded", "global")),
            ("b_factors", (None, "total", "residual")),
            ("tls", ("normalise", "keep")),
        ):
            if getattr(self, name) not in allowed:
                raise BadOption(name, getattr(self, name), "one of " + ", ".join(map(str, allowed)))


ALTLOCS = ("all", "first", "occupancy", "none")


@dataclass(frozen=True)
class ExportOptions:
    """What of a deposition is written.

    state, at: one joint state, by variable and by axis (one_state: even where neither names anything); draws, seed: a
    bundle of draws, with the noise of all levels or of those in noise; ensemble: so many joint states drawn by
    population, without noise; reference: x_ref; else every alternate. gaussian: one of `gaussian.POLICIES`. altloc:
    which conformer, of what has several: all, first (declared first), occupancy (highest), none (refused if there is
    any), or a letter. states: so many of the most populated joint states as models, or "all"; assembly: the id of one,
    whose copies are written.
    """

    gaussian: str = "marginal"
    state: Mapping[str, str] = field(default_factory=dict)
    at: Mapping[str, int] = field(default_factory=dict)
    one_state: bool = False
    draws: int = 0
    noise: Sequence[str] | None = None
    ensemble: int = 0
    seed: int = 0
    states: int | str | None = None
    assembly: str | None = None
    constraints: str | None = None
    """The refinement program whose occupancy groups the report is to have."""
    reference: bool = False
    altloc: str = "all"
    het_dialect: str | None = None
    psd: str = "refuse"
    format: str | None = None
    mmtf_dialect: str = "1.0"
