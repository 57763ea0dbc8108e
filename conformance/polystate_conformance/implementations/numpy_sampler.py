"""A sampler with NumPy's own generator: `python -m polystate_conformance.implementations.numpy_sampler`.

Means, covariances and conditions are those of the reference; random numbers, joint states, factors and the order of
drawing are its own. It shows that the statistical track asks for the law and not for a generator, and faults of
sampling are planted in its functions.
"""

from __future__ import annotations

import traceback
from typing import Any

import numpy as np

from polystate_conformance import protocol

Generator = np.random.Generator
PROFILES = ["sampling-statistical"]


def hello() -> dict[str, Any]:
    return {"protocol": protocol.PROTOCOL, "name": "numpy sampler", "version": np.__version__, "language": "Python",
            "profiles": PROFILES, "operators": {}, "devices": ["cpu"], "rng": "PCG64"}  # fmt: skip


def handle(message: dict[str, Any]) -> dict[str, Any]:
    """One answer to one `run` message: many draws of a deposition."""
    import polystate
    from polystate.errors import PolystateError

    if message["profile"] not in PROFILES:
        return {"unsupported": {"profile": message["profile"]}}
    try:
        dep = polystate.open(message["deposition"])
        for error in dep.validate().errors:
            raise error
        return {"ok": answer(dep, message["request"], int(message["seed"]), message["out_dir"])}
    except PolystateError as error:
        return {"rejected": {"stage": error.stage, "code": error.code, "where": error.where}}
    except Exception:
        return {"error": {"message": traceback.format_exc(limit=-4)}}


def answer(dep: Any, request: dict[str, Any], seed: int, out_dir: str) -> dict[str, Any]:
    """The outputs draws and states_drawn of one request."""
    generator = np.random.default_rng(np.random.SeedSequence([seed, int(request.get("index", "0"))]))
    drawer = Drawer(dep, request)
    joints = joint_states(dep.states, drawer.given, request["count"], generator)
    ok: dict[str, Any] = {}
    if "draws" in request["outputs"]:
        ok["draws"] = protocol.save_array(out_dir, "draws", drawer.draws(joints, generator))
    if "states_drawn" in request["outputs"]:
        names = request.get("variables") or [request["variable"]]
        columns = [labels(dep.states, name, joints) for name in names]
        ok["states_drawn"] = list(map(list, zip(*columns, strict=True))) if "variables" in request else columns[0]
    return ok


def labels(states: Any, name: str, joints: np.ndarray) -> list[str | None]:
    """The label of a variable `descriptor/site` in joint states (n, V), None where it is inactive."""
    descriptor, _, site = name.partition("/")
    v = states.variable((descriptor, int(site)))
    known = [str(label) for label in states.dag.state_labels(v)]
    return [known[s] if s >= 0 else None for s in joints[:, v].tolist()]


# -- joint states ----------------------------------------------------------------------------------------


def joint_states(states: Any, given: dict[str, str], n: int, generator: Generator) -> np.ndarray:
    """Joint states (n, V): variable after variable, each by its populations under the parents drawn before it."""
    wanted = states.find({(key.partition("/")[0], int(key.partition("/")[2])): label for key, label in given.items()})
    joints = np.full((n, len(states.dag)), -1, np.int64)
    for v in range(len(states.dag)):
        for joint, rows in groups(joints, states.dag.parents(v)):
            available = states.populations(v, joint)
            if not available:
                continue
            names = list(available)
            weights = populations(np.array([available[s] for s in names]))
            chosen = np.array(names)[choose(weights, uniform(generator, len(rows), v))]
            joints[rows, v] = wanted.get(v, chosen)
    return joints


def groups(joints: np.ndarray, parents: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Each combination of parents' states that was drawn: one joint state of it, and the rows that have it."""
    columns = joints[:, sorted(parents)]
    _, first, inverse = np.unique(columns, axis=0, return_index=True, return_inverse=True)
    return [(joints[row], np.flatnonzero(inverse.ravel() == k)) for k, row in enumerate(first)]


def populations(weights: np.ndarray) -> np.ndarray:
    """Populations of the states that are available, normalised."""
    return weights / weights.sum()


def uniform(generator: Generator, n: int, variable: int) -> np.ndarray:
    """Numbers in [0, 1) for one variable in n draws."""
    return generator.random(n)


def choose(weights: np.ndarray, u: np.ndarray) -> np.ndarray:
    """The state of each draw; never one of population 0."""
    return np.minimum(np.searchsorted(np.cumsum(weights), u, "right"), np.flatnonzero(weights)[-1])


# -- coordinates -----------------------------------------------------------------------------------------


class Drawer:
    """Draws of one request on one deposition, grouped by joint state."""

    def __init__(self, dep: Any, request: dict[str, Any]):
        self.dep, self.request = dep, request
        self.given: dict[str, str] = request.get("state", {})
        self.steps = {**request.get("at", {}), **request.get("iterate", {})}

    def draws(self, joints: np.ndarray, generator: Generator) -> np.ndarray:
        """Coordinates (n, M, 3) in Å."""
        atoms = len(self.dep.rows(self.request.get("atoms")))
        xyz = np.empty((len(joints), atoms, 3))
        for joint, rows in groups(joints, range(joints.shape[1])):
            middle = self.means(joint, len(rows), generator)
            xyz[rows] = middle + displacements(self.levels(joint), len(rows), generator, self.request.get("psd"))
        return independent(xyz)

    def selection(self, joint: np.ndarray) -> dict[str, Any]:
        state = {}
        for key, label in self.dep.states.numbered(joint).items():
            descriptor, _, site = key.partition("/")
            state[descriptor, int(site)] = label
        return {"state": state, "at": self.steps, "atoms": self.request.get("atoms")}

    def levels(self, joint: np.ndarray) -> np.ndarray:
        """Covariances of the levels that are drawn, (L, M, 3, 3) Å²."""
        from polystate.evaluation.evaluate import gaussian_levels

        sampled = [d.id for d in gaussian_levels(self.dep) if self.takes_part(d)]
        u = self.dep.covariance(levels=sampled, by_level=True, backend="numpy", **self.selection(joint))
        return np.asarray(u)

    def takes_part(self, d: Any) -> bool:
        """Whether a Gaussian descriptor is drawn: while an axis is iterated, by its policy."""
        from polystate.evaluation.rendering import broadcast_policy

        return "iterate" not in self.request or broadcast_policy(d, self.request.get("policies")) == "sample_per_step"

    def means(self, joint: np.ndarray, n: int, generator: Generator) -> np.ndarray:
        """Where the atoms stand in each of n draws, (n or 1, M, 3) Å: latent components are drawn."""
        selection = self.selection(joint)
        components = {d.id: latents(np.array(d.table("latents")["variance"], float), n, generator)
                      for d in self.dep.descriptors.values()
                      if d.table("latents") and d.id not in self.request.get("components", {})}  # fmt: skip
        given = dict(self.request.get("components", {}))
        if not components:
            return self.dep.render(components=given, **selection).mean[None]
        found = []
        for k in range(n):
            own = {**given, **{id: values[k] for id, values in components.items()}}
            found.append(self.dep.render(components=own, **selection).mean)
        return np.stack(found)


def latents(variance: np.ndarray, n: int, generator: Generator) -> np.ndarray:
    """Latent components of one descriptor in n draws, (n, d)."""
    return np.sqrt(variance) * generator.standard_normal((n, len(variance)))


def displacements(levels: np.ndarray, n: int, generator: Generator, psd: str | None) -> np.ndarray:
    """Gaussian displacements (n, M, 3) in Å: the levels (L, M, 3, 3) are added, and their sum is drawn once."""
    u = levels.sum(axis=0)
    return np.einsum("mij,nmj->nmi", factor(u), normals(generator, n, u.shape[0]))


def normals(generator: Generator, n: int, atoms: int) -> np.ndarray:
    """Standard normal numbers (n, M, 3)."""
    return generator.standard_normal((n, atoms, 3))


def factor(u: np.ndarray) -> np.ndarray:
    """The symmetric roots of covariances (M, 3, 3); what is negative in them is set to 0."""
    values, vectors = np.linalg.eigh(u)
    return np.einsum("mij,mj,mkj->mik", vectors, np.sqrt(np.maximum(values, 0)), vectors)


def independent(xyz: np.ndarray) -> np.ndarray:
    """The draws (n, M, 3) as they leave: each is made of numbers of its own."""
    return xyz


if __name__ == "__main__":
    protocol.serve(hello(), handle)
