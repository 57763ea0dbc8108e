"""A deposition: the tree of a store, and the questions that can be asked of it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from polystate.editing import restricted
from polystate.errors import (
    AtomNotFound,
    AxisIndex,
    BadRequest,
    DrawRange,
    IllegalState,
    MissingLayer,
    UnknownGrouping,
    WrongShape,
)
from polystate.evaluation import evaluate
from polystate.evaluation.rendering import Snapshot
from polystate.kernels import dispatch as kernels
from polystate.model.descriptor import Descriptor
from polystate.numbers.philox import Draw
from polystate.numbers.positive import checked_psd, indefinite
from polystate.questions import views
from polystate.states.joint import Name, States
from polystate.states.scope_dag import Condition, ScopeDag, StateTable, state_table
from polystate.store.reading import StoredTree, read
from polystate.store.tree import Tree
from polystate.structure.axes import Axis, axes, axis
from polystate.structure.groupings import Grouping, grouping, grouping_names
from polystate.structure.hierarchy import LEVELS, Hierarchy

if TYPE_CHECKING:
    from polystate.kernels.plan import Plan
    from polystate.kernels.torch_plan import TorchPlan


class Deposition:
    """Read access to one deposition; nothing is read before it is needed.

    folder: where artifacts lie beside it, known where the tree was read from a store. allow_uris: prefixes of URIs that
    artifacts may have beyond that folder, such as https://example.org/data/ or file:///scratch."""

    def __init__(self, tree: Tree, folder: str | Path | None = None, allow_uris: Collection[str] = ()) -> None:
        self.tree, self.allow_uris = tree, tuple(allow_uris)
        self.folder = tree.folder if folder is None and isinstance(tree, StoredTree) else folder
        self._checked: set[str] = set()

    # -- what it holds -----------------------------------------------------------------------------------

    @property
    def document(self) -> Mapping[str, Any]:
        """The deposition document."""
        return self.tree[""].attributes

    @cached_property
    def hierarchy(self) -> Hierarchy:
        return Hierarchy(self.tree)

    @property
    def n_atoms(self) -> int:
        return self.hierarchy.n_atoms

    @cached_property
    def x_ref(self) -> np.ndarray:
        """Reference coordinates, (N, 3) float64 ångström."""
        if "reference" not in self.tree or "x_ref" not in self.tree["reference"].arrays:
            raise MissingLayer("reference/x_ref", "nothing", "the reference coordinates")
        x_ref = np.asarray(self.tree["reference"].arrays["x_ref"], np.float64)
        if x_ref.shape != (self.n_atoms, 3):
            raise WrongShape("reference/x_ref", x_ref.shape, f"({self.n_atoms}, 3)")
        return x_ref

    @property
    def frame(self) -> str:
        """The name of the deposition's coordinate frame."""
        return (
            self.tree["reference"].attributes.get("frame", "deposition") if "reference" in self.tree else "deposition"
        )

    @cached_property
    def descriptors(self) -> dict[str, Descriptor]:
        """All descriptors by id, in byte order."""
        names = sorted(
            p[len("descriptors/") :] for p in self.tree if p.startswith("descriptors/") and p.count("/") == 1
        )
        return {n: Descriptor(self, n, self.tree[f"descriptors/{n}"]) for n in names}

    @cached_property
    def axes(self) -> dict[str, Axis]:
        return axes(self.tree)

    def axis(self, name: str, where: str = "axes") -> Axis:
        """The sample axis `name`."""
        return axis(self.axes, name, where)

    @cached_property
    def groupings(self) -> dict[str, Grouping]:
        """All groupings by name (`namespace/v<n>`)."""
        return {name: grouping(self.tree, self.hierarchy, name, "groupings") for name in grouping_names(self.tree)}

    def scope_labels(self, scope: Mapping[str, Any], where: str = "scope") -> tuple[np.ndarray, int]:
        """The label of each atom in a scope, (N,) int32 with -1 = not covered, and how many labels it has."""
        if "grouping" in scope:
            found = grouping(self.tree, self.hierarchy, scope["grouping"], f"{where}/grouping")
            return found.label_of_atoms(), found.n_labels
        level = scope.get("level")
        if level not in LEVELS:
            raise UnknownGrouping(f"{where}/level", level, "one of " + ", ".join(LEVELS))
        return self.hierarchy.of_atoms(level), self.hierarchy.size(level)

    def scope_names(self, scope: Mapping[str, Any], n_labels: int) -> list[str]:
        """The names of a scope's labels: as written in a grouping, atom ids, or row numbers."""
        if "grouping" in scope:
            found = grouping(self.tree, self.hierarchy, scope["grouping"], "scope/grouping")
            if found.document.get("labels"):
                return list(found.document["labels"])
        if scope.get("level") == "atom":
            return [str(i) for i in self.hierarchy.atom_id.tolist()]
        return [str(i) for i in range(n_labels)]

    # -- joint states ------------------------------------------------------------------------------------

    @cached_property
    def states(self) -> States:
        """The joint states: `count()`, `legal()`, and how one is chosen."""
        self.check_documents()
        found = [d for d in self.descriptors.values() if d.is_discrete]
        for d in found:
            self.check_payload(d, "states")
        dag = ScopeDag([self._state_table(d) for d in found])
        keys = np.zeros(len(dag), np.uint32)
        for d in found:
            if d.table("variables"):
                v = dag.variables(d.id, d.column("variables", "site"))
                keys[v[v >= 0]] = d.column("variables", "draw_key")[v >= 0]
        return States(dag, keys)

    def _state_table(self, d: Descriptor) -> StateTable:
        return state_table(d.id, d.group.tables, d.label_names, d.active_when)

    def conditions(self, d: Descriptor) -> Mapping[int, Condition]:
        """The conditions of any descriptor by number."""
        if d.is_discrete:
            return self.states.dag.conditions(d.id)
        if d.id not in self._conditions:
            self._conditions[d.id] = self.states.dag.parse(d.table("conditions"), f"{d.path}/conditions")
        return self._conditions[d.id]

    @cached_property
    def _conditions(self) -> dict[str, Mapping[int, Condition]]:
        return {}

    # -- checks ------------------------------------------------------------------------------------------

    def check_documents(self) -> None:
        """Raise the first thing that is wrong with the documents (no array is read)."""
        if "documents" not in self._checked:
            from polystate.rules.validate import document_errors

            for error in document_errors(self):
                raise error
            self._checked.add("documents")

    def check_payload(self, d: Descriptor, part: str = "all") -> None:
        """Raise the first thing that is wrong with a descriptor's arrays and tables."""
        if f"{d.id}/{part}" not in self._checked:
            from polystate.rules.validate import payload_errors

            for error in payload_errors(d, part):
                raise error
            self._checked.add(f"{d.id}/{part}")

    def validate(self, strict: bool = False, regenerate: bool = False, artifacts: bool = False) -> Any:
        """Everything that is wrong, and what is only doubtful: a Report with `valid`, `errors`, `warnings`.

        regenerate: compute again what `derived_from` says how to compute, and compare. artifacts: verify what lies
        outside the deposition too."""
        from polystate.rules.validate import validate

        return validate(self, strict, regenerate, artifacts)

    # -- evaluation --------------------------------------------------------------------------------------

    def rows(self, atoms: Sequence[int] | None) -> np.ndarray:
        """Rows of atoms named by id, in ascending order; all rows where `atoms` is None."""
        if atoms is None:
            return np.arange(self.n_atoms)
        ids = np.asarray(atoms, np.int64)
        falls = np.flatnonzero(ids[1:] <= ids[:-1])
        if len(falls):
            raise BadRequest("atoms", f"{ids[falls[0] + 1]} after {ids[falls[0]]}", "ids in ascending order, each once")
        missing = ids[~np.isin(ids, self.hierarchy.atom_id)]
        if len(missing):
            raise AtomNotFound("atoms", ", ".join(map(str, missing[:5])), "atom ids of this deposition")
        return np.searchsorted(self.hierarchy.atom_id, ids)

    def request(
        self,
        state: Mapping[Any, str] | None = None,
        at: Mapping[str, int] | None = None,
        draw: Draw | None = None,
        atoms: Sequence[int] | None = None,
        components: Mapping[str, np.ndarray | str] | None = None,
        allow_code: bool = False,
        only: Sequence[Descriptor] | None = None,
        backend: str = "auto",
    ) -> evaluate.Request:
        """A checked request: what is to be evaluated, with its joint state chosen or drawn."""
        self.check_documents()
        steps = self.steps(at or {})
        named = self.axis_states(steps, state or {})
        joint = self.states.choose(named) if draw is None else self.states.draw(draw, named)
        for d in self.descriptors.values() if only is None else only:
            self.check_payload(d)
        steps = {**self._state_steps(joint), **steps}
        given = {name: self.landmark(name, x) if isinstance(x, str) else x for name, x in (components or {}).items()}
        taking = [
            d.id for d in self.descriptors.values() if (d.operator or "").startswith(("basis/", "neural_decoder/"))
        ]
        self._refuse_others("components", given, taking)
        for name, values in given.items():
            evaluate.check_components(self.descriptors[name], values)
        rows = self.rows(atoms)
        backend = kernels.resolve(backend, self.n_atoms * (1 + sum(d.is_gaussian for d in self.descriptors.values())))
        return evaluate.Request(self, joint, rows, steps, given, draw, allow_code, backend)

    def steps(self, at: Mapping[str, int], where: str = "at") -> dict[str, int]:
        """Steps on axes, each a whole number that its axis has ([AXI-4], [AXI-5])."""
        found = {}
        for name, index in at.items():
            axis = self.axis(name, where)
            if isinstance(index, bool) or not isinstance(index, (int, np.integer)):
                raise AxisIndex(where, f"{name}={index!r}", f"a whole number from 0 to {axis.length - 1}")
            found[name] = axis.step(int(index))
        return found

    @staticmethod
    def _refuse_others(option: str, given: Mapping[str, Any], ids: Sequence[str]) -> None:
        """An option of a request goes to descriptors that have a use for it, and to no others."""
        for name in given:
            if name not in ids:
                raise BadRequest(f"{option}/{name}", name, "one of " + (", ".join(ids) or "no descriptors"))

    def landmark(self, descriptor: str, label: str) -> np.ndarray:
        """A named point among the amplitudes or latent components of a descriptor, (d,) float64."""
        path = f"landmarks/{descriptor}"
        labels = list(self.tree[path].attributes.get("labels", [])) if path in self.tree else []
        if label not in labels:
            raise BadRequest(f"components/{descriptor}", label, "one of " + (", ".join(labels) or "no landmarks"))
        return np.asarray(self.tree[path].arrays["point"], np.float64)[labels.index(label)]

    def _state_steps(self, joint: np.ndarray) -> dict[str, int]:
        """The steps that the states of bundles fix on their axes."""
        steps = {}
        for d in self.descriptors.values():
            name = d.document.get("state_axis")
            if d.is_discrete and name is not None:
                for number in evaluate.states_of(d, self.states.dag, joint).values():
                    steps[name] = number
        return steps

    def axis_states(self, steps: Mapping[str, int], state: Mapping[Any, str]) -> dict[Name, str]:
        """`state` with what the axis steps fix: the states of bundles, and labels stored on an axis."""
        named = dict(state)
        for d in self.descriptors.values():
            bundle = d.document.get("state_axis")
            name = bundle if bundle is not None else d.axis  # never both, [AXI-23]
            if not d.is_discrete or name is None or name not in steps:
                continue
            self.check_payload(d, "labels")
            number = steps[name] if bundle is not None else int(d.array("labels", steps[name]))
            row = int(np.flatnonzero(d.column("states", "state") == number)[0])
            site, label = int(d.column("states", "site")[row]), d.table("states")["label"][row]
            for key in (d.id, f"{d.id}/{d.label_names[site]}", (d.id, site)):
                if named.pop(key, label) != label:
                    raise IllegalState(f"state/{d.id}", state[key], f"{label}, fixed by axis {name}")
            named[d.id, site] = label
        return named

    def covariance(
        self,
        state: Mapping[Any, str] | None = None,
        at: Mapping[str, int] | None = None,
        atoms: Sequence[int] | None = None,
        levels: Sequence[str] | None = None,
        by_level: bool = False,
        backend: str = "auto",
    ) -> np.ndarray:
        """U_total (N, 3, 3) Å², or (L, N, 3, 3) by level from the largest scale to the smallest.

        Without a state it is that of the most populated legal joint state. Never clipped: atoms whose U no motion
        has are named by `indefinite_atoms`."""
        chosen = self.levels(levels)
        request = self.request(state, at, None, atoms, only=chosen, backend=backend)
        return evaluate.covariance(request, chosen, by_level)

    def plan(
        self,
        state: Mapping[Any, str] | None = None,
        at: Mapping[str, int] | None = None,
        atoms: Sequence[int] | None = None,
        levels: Sequence[str] | None = None,
        backend: str = "numba",
    ) -> Plan | TorchPlan:
        """The Gaussian stack compiled for one state: `covariance()` again and again with other `parameters`.

        backend: numba, or torch for tensors that gradients pass through."""
        chosen = self.levels(levels)
        request = self.request(state, at, None, atoms, only=chosen, backend="numba")
        if backend == "torch":
            try:
                from polystate.kernels.torch_plan import TorchPlan
            except ImportError as error:
                raise BadRequest("backend", error, "torch: pip install 'polystate[torch]'") from error
            return TorchPlan(request, chosen)
        from polystate.kernels.plan import Plan

        return Plan(request, chosen)

    def levels(self, levels: Sequence[str] | None = None) -> list[Descriptor]:
        """The Gaussian descriptors, or those named, from the largest scale to the smallest."""
        self.check_documents()
        found = evaluate.gaussian_levels(self)
        if levels is None:
            return found
        known = {d.id: d for d in found}
        for name in levels:
            if name not in known:
                raise BadRequest("levels", name, "one of " + (", ".join(known) or "no Gaussian descriptors"))
        return [d for d in found if d.id in set(levels)]

    def indefinite_atoms(self, u: np.ndarray, atoms: Sequence[int] | None = None) -> np.ndarray:
        """The ids of atoms whose covariance is not positive semi-definite within tolerance."""
        return self.hierarchy.atom_id[self.rows(atoms)][indefinite(u)]

    def render(
        self,
        state: Mapping[Any, str] | None = None,
        at: Mapping[str, int] | None = None,
        draw: Draw | None = None,
        atoms: Sequence[int] | None = None,
        psd: str = "refuse",
        **given: Any,
    ) -> Snapshot:
        """Coordinates and presence of a joint state: the given one, a drawn one, or the most populated.

        given: components ({descriptor id: amplitudes or latents, or the name of a landmark}), allow_code, backend."""
        checked_psd(psd)
        request = self.request(state, at, draw, atoms, **given)
        return self._snapshot(request, psd, evaluate.gaussian_levels(self))

    def _snapshot(self, request: evaluate.Request, psd: str, sampled: list[Descriptor]) -> Snapshot:
        middle = evaluate.mean(request)
        xyz, clipped = middle, False
        if request.draw is not None and sampled:
            u = evaluate.covariance(request, sampled)
            keys = self.hierarchy.draw_key[request.rows]
            clipped = psd == "clip" and len(indefinite(u)) > 0
            xyz = middle + kernels.displacement(u, request.draw, keys, "hierarchy/atoms", psd, request.backend)
        ids = self.hierarchy.atom_id[request.rows]
        labels = self.states.labels(request.joint)
        return Snapshot(xyz, middle, evaluate.present(request), ids, labels, request.steps, psd, request, clipped)

    def iterate(
        self,
        *names: str,
        steps: slice | None = None,
        at: Mapping[str, int] | None = None,
        draw: Draw | None = None,
        state: Mapping[Any, str] | None = None,
        policies: Mapping[str, str] | None = None,
        psd: str = "refuse",
        **given: Any,
    ) -> Iterator[Snapshot]:
        """Snapshots along one or several sample axes, in row-major order over the names in ascending order.

        A draw of step k uses draw index `draw.index * (product of lengths) + k`, and the U of the descriptors whose
        policy is sample_per_step. `steps` slices the steps by their row-major number."""
        checked_psd(psd)
        names = tuple(sorted(names))
        for name in names:
            if name in (at or {}):
                raise BadRequest("iterate", name, "axes that `at` does not fix")
        lengths = [self.axis(name, "iterate").length for name in names]
        total = math.prod(lengths)
        self._refuse_others("policies", policies or {}, [d.id for d in evaluate.gaussian_levels(self)])
        for name, policy in (policies or {}).items():
            if policy not in ("sample_per_step", "mean"):
                raise BadRequest(f"policies/{name}", repr(policy), "sample_per_step or mean")
        sampled = [d for d in evaluate.gaussian_levels(self) if self.policy(d, policies) == "sample_per_step"]
        for k in range(total)[steps] if steps is not None else range(total):
            place, left = dict(at or {}), k
            for name, length in zip(reversed(names), reversed(lengths), strict=True):
                left, place[name] = divmod(left, length)
            own = None
            if draw is not None:
                number = draw.index * total + k
                if number >= 1 << 64:
                    raise DrawRange("index", number, "below 2^64")
                own = Draw(draw.seed, number)
            yield self._snapshot(self.request(state, place, own, **given), psd, sampled)

    def policy(self, d: Descriptor, policies: Mapping[str, str] | None = None) -> str:
        """How a Gaussian descriptor takes part in iterated draws: given, its own, or its operator's default."""
        if d.axis is not None:
            return "sample_per_step"
        own = (policies or {}).get(d.id) or d.document.get("broadcast_policy")
        return own or ("mean" if d.operator == "parametric_gaussian/aadp_v1" else "sample_per_step")

    def sample(self, n: int, seed: int, out: str | Path, **options: Any) -> Path:
        """Draws 0 ... n - 1 as a Zarr group, streamed; options and layout: see `polystate.sample.sample`."""
        from polystate.sample import sample

        return sample(self, n, seed, out, **options)

    # -- questions of consumers --------------------------------------------------------------------------

    def scope(self, name: str) -> views.ScopeView:
        """What varies at a scope: a level of the hierarchy, or a grouping by name."""
        return views.scope(self, name)

    def up_to(self, level: str) -> Deposition:
        """This deposition with everything above a level ignored."""
        return restricted.up_to(self, level)

    def select(self, text: str) -> np.ndarray:
        """The ids of the atoms that a selection names; the language is that of polystate.structure.selection."""
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

    def explain(self, atom: str | None = None, **request: Any) -> list[dict[str, Any]]:
        """The plan of a request: which descriptor contributes what, from where, by which operator."""
        from polystate.questions.describe import explain

        return explain(self, atom, **request)


def open(path: str | Path, allow_uris: Collection[str] = ()) -> Deposition:
    """The deposition at `path`: a directory, a .zip, or a URL; `allow_uris` as in Deposition."""
    return Deposition(read(path), allow_uris=allow_uris)
