"""A deposition: the tree of a store, and the questions that can be asked of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from polystate.editing import restricted
from polystate.errors import BadRequest, NotAStore
from polystate.evaluation import evaluate, rendering
from polystate.evaluation.rendering import Snapshot
from polystate.evaluation.request import State, chosen_levels, chosen_rows, request
from polystate.kernels.dispatch import choice
from polystate.model.descriptor import Descriptor
from polystate.numbers.philox import Draw
from polystate.numbers.positive import indefinite
from polystate.questions import views
from polystate.rules.guard import Judged, answering
from polystate.states.joint import JointState
from polystate.store.reading import read

if TYPE_CHECKING:  # loaded when a plan is asked for
    from polystate.draws import Draws
    from polystate.evaluation.moments import Moments
    from polystate.kernels.plan import Plan
    from polystate.kernels.twin.plan import TorchPlan
    from polystate.questions.differences import Differences
    from polystate.questions.residues import ResidueMoments


STRUCTURES = (".pdb", ".ent", ".cif", ".mmcif", ".bcif", ".mmtf")  # which are imported, not opened


@answering
class Deposition(Judged):
    """Read access to one deposition; nothing is read before it is needed.

    folder: where artifacts lie beside it, known where the tree was read from a store. allow_uris: prefixes of URIs that
    artifacts may have beyond that folder, such as https://example.org/data/ or file:///scratch."""

    def __repr__(self) -> str:
        from polystate.questions import glance

        return glance.line(self)

    def _repr_html_(self) -> str:
        from polystate.questions import glance

        return glance.table(self)

    # -- evaluation --------------------------------------------------------------------------------------

    def request(
        self,
        state: State | None = None,
        at: Mapping[str, int] | None = None,
        draw: Draw | None = None,
        atoms: Sequence[int] | str | None = None,
        backend: str = "auto",
        **given: Any,
    ) -> evaluate.Request:
        """A checked request: what is to be evaluated, with its joint state chosen or drawn.

        state: {variable: label}, or an array of `states.joints()`; atoms: ids in ascending order, or a selection.
        given: components, allow_code, only; see `evaluation.request.request`."""
        return request(self, state, at, draw, atoms, backend=choice(backend), **given)

    def covariance(
        self,
        state: State | None = None,
        at: Mapping[str, int] | None = None,
        atoms: Sequence[int] | str | None = None,
        levels: Sequence[str] | None = None,
        by_level: bool = False,
        backend: str = "auto",
    ) -> np.ndarray:
        """U_total (N, 3, 3) Å², or (L, N, 3, 3) by level from the largest scale to the smallest.

        Without a state it is that of the most populated legal joint state. Never clipped: atoms whose U no motion
        has are named by `indefinite_atoms`."""

        def made() -> np.ndarray:
            chosen = self.levels(levels)
            return evaluate.covariance(self.request(state, at, None, atoms, backend, only=chosen), chosen, by_level)

        return self.recent.get("covariance", (state, at, atoms, levels, by_level, backend), made).copy()

    def plan(
        self,
        state: State | None = None,
        at: Mapping[str, int] | None = None,
        atoms: Sequence[int] | str | None = None,
        levels: Sequence[str] | None = None,
        backend: str = "numba",
        device: str = "cpu",
        **given: Any,
    ) -> Plan | TorchPlan:
        """The Gaussian stack compiled for one state: `covariance()` again and again with other `parameters`.

        backend: numba, or torch for means, covariances and draws in tensors that gradients pass through, on the torch
        `device`. given: components, allow_code, as in `render`."""
        if backend not in ("numba", "torch"):
            raise BadRequest("backend", backend, "numba or torch: what a plan can be compiled for")
        if backend == "numba" and device != "cpu":
            raise BadRequest("device", device, "cpu, or backend='torch'")
        chosen = self.levels(levels)
        asked = self.request(state, at, None, atoms, "numba", only=chosen, **given)
        if backend == "torch":
            try:
                from polystate.kernels.twin.plan import TorchPlan
            except ImportError as error:
                raise BadRequest("backend", error, "torch: pip install 'polystate[torch]'") from error
            return TorchPlan(asked, chosen, device)
        from polystate.kernels.plan import Plan

        return Plan(asked, chosen)

    def levels(self, levels: Sequence[str] | None = None) -> list[Descriptor]:
        """The Gaussian descriptors, or those named, from the largest scale to the smallest."""
        return chosen_levels(self, levels)

    def indefinite_atoms(self, u: np.ndarray, atoms: Sequence[int] | str | None = None) -> np.ndarray:
        """The ids of atoms whose covariance is not positive semi-definite within tolerance."""
        return self.hierarchy.atom_id[chosen_rows(self, atoms)][indefinite(u)]

    def render(
        self,
        state: State | None = None,
        at: Mapping[str, int] | None = None,
        draw: Draw | None = None,
        atoms: Sequence[int] | str | None = None,
        psd: str = "refuse",
        backend: str = "auto",
        **given: Any,
    ) -> Snapshot:
        """Coordinates and presence of a joint state: the given one, a drawn one, or the most populated.

        given: components ({descriptor id: amplitudes or latents, or the name of a landmark}), allow_code. backend:
        `auto` goes over to compiled draws after many, which may change the last digit of a draw; one that is named
        does not."""
        return rendering.render(self, state, at, draw, atoms, psd, backend=choice(backend), **given)

    def iterate(
        self,
        *names: str,
        steps: slice | None = None,
        at: Mapping[str, int] | None = None,
        draw: Draw | None = None,
        state: State | None = None,
        policies: Mapping[str, str] | None = None,
        psd: str = "refuse",
        backend: str = "auto",
        **given: Any,
    ) -> Iterator[Snapshot]:
        """Snapshots along one or several sample axes, in row-major order over the names in ascending order.

        A draw of step k uses draw index `draw.index * (product of lengths) + k`, and the U of the descriptors whose
        policy is sample_per_step. `steps` slices the steps by their row-major number."""
        return rendering.iterate(self, names, steps, at, draw, state, policies, psd, backend=choice(backend), **given)

    def sample(self, n: int, seed: int, out: str | Path, **options: Any) -> Path:
        """Draws 0 ... n - 1 as a Zarr group, streamed; options and layout: see `polystate.sample.sample`."""
        from polystate.sample import sample

        return sample(self, n, seed, out, **options)

    def draws(
        self, n: int, seed: int, *, levels: Sequence[str] | None = None, **options: Any
    ) -> Draws | Iterator[Draws]:
        """Draws 0 ... n - 1 of a seed in memory, (n, N, 3); with `batch` an iterator of as many at a time.

        levels: only these Gaussian descriptors displace. options: first, atoms, dtype, batch, state, at, psd, backend,
        allow_code; see `polystate.draws.draws`."""
        from polystate.draws import contributing, draws

        return draws(self if levels is None else self.restricted(contributing(self, levels)), n, seed, **options)

    def joint_states(self) -> Iterator[JointState]:
        """All legal joint states in lexicographic order, each with its probability; made one after the other.

        `dep.render(state=found.state)` renders one."""
        for joint in self.states.joints():
            yield JointState(self.states.labels(joint), self.states.probability(joint))

    def moments(self, state: State | None = None, at: Mapping[str, int] | None = None, **given: Any) -> Moments:
        """Exact moments of each atom over all joint states, axes without an index, and Gaussian stacks.

        given: atoms, components, policies, decoders, allow_code; see `polystate.evaluation.averaging.setting`."""
        from polystate.evaluation.averaging import setting
        from polystate.evaluation.moments import moments

        return moments(setting(self, state, at, **given))

    def residue_moments(self, **request: Any) -> ResidueMoments:
        """Moments a residue: RMSF by stack, conformers and their entropy; request as in `moments`, but for atoms."""
        from polystate.evaluation.averaging import setting
        from polystate.questions.residues import residue_moments

        return residue_moments(setting(self, **request))

    # -- questions of consumers --------------------------------------------------------------------------

    def scope(self, name: str) -> views.ScopeView:
        """What varies at a scope: a level of the hierarchy, or a grouping by name."""
        return views.scope(self, name)

    def up_to(self, level: str) -> Deposition:
        """This deposition with everything above a level ignored."""
        return self._of(restricted.up_to(self, level))

    def restricted(self, ids: Collection[str]) -> Deposition:
        """This deposition in which only these descriptors contribute to coordinates and covariances."""
        return self._of(restricted.restricted(self, ids))

    def understood(self) -> Deposition:
        """This deposition without what descriptors of unknown operators contribute; itself where it has none."""
        from polystate.questions.unknown import unknown

        left_out = {d.id for d in unknown(self)}
        return self.restricted([name for name in self.descriptors if name not in left_out]) if left_out else self

    def _of(self, tree: Any) -> Deposition:
        return Deposition(tree, self.folder, self.allow_uris)

    def select(self, text: str) -> np.ndarray:
        """The ids of the atoms that a selection names; the language is that of `polystate.structure.selection`."""
        from polystate.structure.selection import select

        return self.hierarchy.atom_id[select(self, text)]

    def beads(self, name: str, **request: Any) -> np.ndarray:
        """Bead coordinates of a coarse_grain grouping in one rendering, (G, 3) ångström."""
        return views.beads(self, name, self.render(**request).xyz)

    def symmetry_copies(self, triplets: Sequence[str], **request: Any) -> np.ndarray:
        """Copies of one rendering under space group operations, (K, N, 3) ångström."""
        return views.symmetry_copies(self, triplets, self.render(**request).xyz)

    def assembly(self, name: str, **request: Any) -> list[tuple[np.ndarray, np.ndarray]]:
        """The copies that make an assembly, in one rendering: (atom ids, coordinates) for each operator."""
        return views.assembly(self, name, self.render(**request).xyz)

    def variables(self) -> Iterator[views.VariableView]:
        """All variables with their states, parents before children; nested states are not multiplied out."""
        return views.variables(self)

    def annotations(self, namespace: str | None = None) -> Iterator[views.Annotation]:
        """All annotations, or those of one namespace; evaluation never reads them."""
        return views.remarks(self, namespace)

    # -- descriptions ------------------------------------------------------------------------------------

    def digest(self, full: bool = False) -> str:
        """The content digest, as hex."""
        from polystate.store.digest import digest

        return digest(self.tree, full)

    def describe(self) -> dict[str, Any]:
        """What this deposition holds, in counts and names."""
        from polystate.questions.describe import describe

        return describe(self)

    def explain(self, atom: str | None = None, backend: str = "auto", **request: Any) -> list[dict[str, Any]]:
        """The plan of a request: which descriptor contributes what, from where, by which operator."""
        from polystate.questions.describe import explain

        return explain(self, atom, backend=choice(backend), **request)

    def differences(
        self,
        other: Deposition,
        abs: float = 0.0,
        rel: float = 0.0,
        full: bool = False,
        backend: str = "auto",
        **request: Any,
    ) -> Differences:
        """What differs from another deposition: documents, arrays, states, means and covariances.

        abs, rel: numbers a, b are the same where they differ by at most abs + rel times the size of b. full:
        provenance and annotations too."""
        from polystate.questions.differences import Tolerance, differences

        return differences(self, other, Tolerance(abs, rel), full, backend=choice(backend), **request)


def open(path: str | Path, allow_uris: Collection[str] = ()) -> Deposition:
    """The deposition at `path`: a directory, a .zip, or a URL; `allow_uris` as in Deposition."""
    if str(path).lower().removesuffix(".gz").endswith(STRUCTURES):
        raise NotAStore(str(path), "the name of a structure file", f"a deposition: polystate import {path} makes one")
    return Deposition(read(path), allow_uris=allow_uris)
