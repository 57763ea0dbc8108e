"""A scene as a script of PyMOL: objects for the whole and for each level, selections for states, stored scenes."""

from __future__ import annotations

from collections.abc import Iterator

from polystate_tools.scenes.scene import ANCHORS, Layer, Part, Scene, Shown, plain, remark

SCALE = "blue_white_red"


def script(scene: Scene) -> str:
    """The text of the .pml file."""
    return "\n".join([*_head(scene), *_whole(scene), *_states(scene), *_levels(scene), *_end(scene)]) + "\n"


def _name(scene: Scene, layer: Layer) -> str:
    return _object(scene) if layer is scene.whole else f"level_{layer.key}"


def _object(scene: Scene) -> str:
    return f"all_of_{plain(scene.stem)}"


def _head(scene: Scene) -> Iterator[str]:
    yield f"# {remark(scene.title)}: {remark(scene.said)}. Made by polystate, run with `pymol {scene.stem}.pml`."
    yield "# Objects: the whole with all levels, and each level alone. Selections: state_SITE_STATE. Page up and down:"
    yield "# the stored scenes."
    yield from ("python", "import os", "from pymol import cmd", "beside = os.path.dirname(os.path.abspath(__script__))")
    for layer in scene.layers:
        yield f"cmd.load(os.path.join(beside, {layer.file!r}), {_name(scene, layer)!r}, quiet=1)"
    yield "python end"
    yield from ("hide everything", "set ellipsoid_probability, 0.5", "set ellipsoid_transparency, 0.35")
    yield from ("set stick_radius, 0.12", "set all_states, on" if scene.models > 1 else "set all_states, off")


def _whole(scene: Scene) -> Iterator[str]:
    name = _object(scene)
    yield f"show cartoon, {name}"
    yield f"show sticks, {name} and not polymer and not solvent"
    yield f"show nb_spheres, {name} and solvent"
    yield f"spectrum b, {SCALE}, {name}, minimum=0, maximum={scene.whole.top:g}"
    if scene.places:
        yield f"show sticks, {name} and not alt ''"


def _states(scene: Scene) -> Iterator[str]:
    names = []
    for place in scene.places:
        for state in place.states:
            names.append(state.name)
            yield remark(f"# {place.name} = {state.label}: {state.said}")
            yield f"select {state.name}, {_object(scene)} and ({_chosen(state)}), quiet=1"
    if names:
        yield f"group states, {' '.join(names)}"
        yield "deselect"


def _chosen(state: Shown) -> str:
    """Atoms by what people call them, by their number in the file where that cannot be written."""
    if all(part.is_plain for part in state.parts):
        return " or ".join(map(_part, state.parts))
    return "id " + "+".join(str(row + 1) for row in state.rows.tolist())


def _part(part: Part) -> str:
    residues = "+".join(number.replace("-", "\\-") for number in part.residues)
    words = [f"chain {_word(part.chain)}", f"resi {residues}", f"alt {_word(part.altloc)}"]
    if part.atoms:
        words.append("name " + "+".join(part.atoms))
    return f"({' and '.join(words)})"


def _word(text: str) -> str:
    return text or "''"


def _levels(scene: Scene) -> Iterator[str]:
    for layer in scene.levels:
        name = _name(scene, layer)
        drawn = name if scene.few else f"{name} and name {'+'.join(ANCHORS)}"
        if not scene.few:
            yield f"# One atom a residue, those of all atoms by: show ellipsoids, {name}"
        yield f"# level {remark(layer.name)}: colours from B = 0 to {layer.top:g} A^2, ellipsoids of half of all draws"
        yield f"show cartoon, {name}"
        yield f"set cartoon_transparency, 0.7, {name}"
        yield f"show sticks, {drawn}"
        yield f"show ellipsoids, {drawn}"
        yield f"spectrum b, {SCALE}, {name}, minimum=0, maximum={layer.top:g}"
        if layer.axes:
            yield from _axes(layer, f"axes_{layer.key}")
        yield f"disable {name}"


def _axes(layer: Layer, name: str) -> Iterator[str]:
    """Libration axes as cylinders: CYLINDER, which is 9, ends, radius, colours of both ends, none as an integer."""
    rgb = [round(int(layer.colour[k : k + 2], 16) / 255, 3) for k in (1, 3, 5)]
    yield "python"
    yield "axes = ["
    for axis in layer.axes:
        numbers = [9.0, *axis.start.round(3).tolist(), *axis.end.round(3).tolist(), 0.25, *rgb, *rgb]
        yield f"    {', '.join(f'{x:.3f}' for x in numbers)},  # {remark(axis.said)}"
    yield "]"
    yield f"cmd.load_cgo(axes, {name!r})"
    yield "python end"
    yield f"disable {name}"


def _end(scene: Scene) -> Iterator[str]:
    yield f"orient {_object(scene)}"
    yield "scene whole, store, all levels together"
    previous = [_object(scene)]
    for layer in scene.levels:
        shown = [_name(scene, layer), *([f"axes_{layer.key}"] if layer.axes else [])]
        yield from (f"disable {name}" for name in previous)
        yield from (f"enable {name}" for name in shown)
        yield f"scene {layer.key}, store, level {layer.key} alone"
        previous = shown
    yield "scene whole, recall, animate=0"
