"""A scene as a MolViewSpec archive: a snapshot for the whole, each level, each model, and each state of each site."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from polystate_tools.scenes.scene import HALF, Layer, Place, Scene, Shown

MOST_STATES, MOST_MODELS = 120, 40  # snapshots; each is a few kB of JSON and one line of the list
PALE = "#b8c0c8"
CUT = 1e-4  # Å, a shorter half axis is no ellipsoid


def archive(scene: Scene) -> bytes:
    """The .mvsx file: `index.mvsj` with the snapshots, and the structure files beside it."""
    import molviewspec as mvs

    snapshots = [_whole(mvs, scene), *_levels(mvs, scene), *_models(mvs, scene), *_states(mvs, scene)]
    metadata = mvs.GlobalMetadata(
        title=scene.title, description=f"{scene.said}. Made by polystate.", description_format="plaintext"
    )
    data = mvs.States(snapshots=snapshots, metadata=metadata)
    assets = {layer.file: layer.content for layer in scene.layers}
    return mvs.MVSX(data=data, assets=assets).dumps()


def _structure(mvs: Any, layer: Layer, model: int = 0) -> tuple[Any, Any]:
    """The root of a snapshot, and a structure in it."""
    root = mvs.create_builder()
    return root, root.download(url=layer.file).parse(format="mmcif").model_structure(model_index=model)


def _drawn(structure: Any, top: float | None) -> None:
    """Polymers as cartoon, what else there is as sticks; coloured by B up to `top`, or pale."""
    for selector, kind in (("polymer", "cartoon"), ("ligand", "ball_and_stick"), ("branched", "ball_and_stick")):
        shown = structure.component(selector=selector).representation(type=kind)
        _coloured(shown, top)


def _coloured(shown: Any, top: float | None) -> None:
    if top is None:
        shown.color(color=PALE)
        return
    palette = {
        "kind": "continuous", "mode": "absolute",
        "colors": [("#2f6fdf", 0.0), ("#ffffff", top / 2), ("#d6302d", top)],
        "underflow_color": "auto", "overflow_color": "auto",
    }  # fmt: skip
    remapping = {"atom_id": "id", "instance_id": None}
    shown.color_from_source(
        schema="all_atomic", category_name="atom_site", field_name="B_iso_or_equiv", field_remapping=remapping,
        palette=palette,
    )  # fmt: skip


def _whole(mvs: Any, scene: Scene) -> Any:
    root, structure = _structure(mvs, scene.whole)
    top = scene.whole.top if scene.levels else None
    _drawn(structure, top)
    varied = np.unique(np.concatenate([s.rows for p in scene.places for s in p.states] or [np.zeros(0, int)]))
    if 0 < len(varied) < len(scene.records) / 2:
        _coloured(_sticks(structure, varied), top)
    if top is None:
        return _snapshot(root, "The structure", "Nothing in it has B-factors.", "whole")
    return _snapshot(root, "All levels", f"B of all levels together: blue 0, red {top:g} Å² and more.", "whole")


def _snapshot(root: Any, title: str, said: str, key: str) -> Any:
    """Text of a deposition is text: it is not read as Markdown."""
    return root.get_snapshot(title=title, description=said, description_format="plaintext", key=key)


def _sticks(structure: Any, rows: np.ndarray) -> Any:
    """Atoms of all models are numbered through, as the file has them."""
    chosen = [{"atom_id": int(row) + 1} for row in rows.tolist()]
    return structure.component(selector=chosen).representation(type="ball_and_stick", size_factor=0.6)


def _levels(mvs: Any, scene: Scene) -> Iterator[Any]:
    for layer in scene.levels:
        root, structure = _structure(mvs, layer)
        _drawn(structure, layer.top)
        if scene.dense.all():
            structure.component().representation(type="ball_and_stick", size_factor=0.25).color(color=PALE)
        shapes = structure.primitives(color=layer.colour, opacity=0.5)
        for row in np.flatnonzero(scene.dense & (scene.records.model == scene.records.model[:1])).tolist():
            _ellipsoid(shapes, scene.records.xyz[row], layer.u[row])
        arrows = structure.primitives(color=layer.colour)
        for axis in layer.axes:
            start, end = axis.start.round(3).tolist(), axis.end.round(3).tolist()
            arrows.tube(start=start, end=end, radius=0.25, tooltip=axis.said)
        said = (
            f"B of this level alone: blue 0, red {layer.top:g} Å² and more. Ellipsoids hold half of all draws"
            + ("." if scene.dense.all() else ", one a residue.")
            + (" Bars: libration axes, longer where a group turns more." if layer.axes else "")
        )
        yield _snapshot(root, f"Level {layer.name}", said, f"level-{layer.key}")


def _ellipsoid(shapes: Any, xyz: np.ndarray, u: np.ndarray) -> None:
    values, vectors = np.linalg.eigh(u)
    radius = HALF * np.sqrt(np.maximum(values[::-1], 0.0))
    if radius[2] > CUT:
        shapes.ellipsoid(
            center=xyz.round(3).tolist(), major_axis=vectors[:, 2].round(4).tolist(),
            minor_axis=vectors[:, 1].round(4).tolist(), radius=radius.round(4).tolist(),
        )  # fmt: skip


def _models(mvs: Any, scene: Scene) -> Iterator[Any]:
    if scene.models < 2:
        return
    shown = min(scene.models, MOST_MODELS)
    if shown < scene.models:
        scene.report.lose("snapshots of models", scene.models - shown, f"the first {MOST_MODELS} have one")
    for k in range(shown):
        root, structure = _structure(mvs, scene.whole, k)
        _drawn(structure, scene.whole.top if scene.levels else None)
        yield _snapshot(root, f"Model {k + 1}", f"One of {scene.models} models.", f"model-{k + 1}")


def _states(mvs: Any, scene: Scene) -> Iterator[Any]:
    listed = [(place, state) for place in scene.places for state in place.states]
    if len(listed) > MOST_STATES:
        scene.report.lose("snapshots of states", len(listed) - MOST_STATES, f"the first {MOST_STATES} have one")
    for place, state in listed[:MOST_STATES]:
        yield _state(mvs, scene, place, state)


def _state(mvs: Any, scene: Scene, place: Place, state: Shown) -> Any:
    """A state in colour among the other states of its site, which are pale."""
    root, structure = _structure(mvs, scene.whole)
    _drawn(structure, None)
    others = np.setdiff1d(np.concatenate([s.rows for s in place.states]), state.rows)
    if len(others):
        _sticks(structure, others).color(color=PALE).opacity(opacity=0.5)
    chosen = structure.component(selector=[{"atom_id": int(row) + 1} for row in state.rows.tolist()])
    chosen.representation(type="ball_and_stick", size_factor=0.6).color(color="#d6604d")
    chosen.focus(radius_extent=4.0)
    title = f"{place.name} = {state.label}"
    return _snapshot(root, title, state.said or title, state.name)
