"""A scene as commands of ChimeraX: a model for the whole and for each level, an alias for each state, axes as BILD."""

from __future__ import annotations

from collections.abc import Iterator

from polystate_tools.scenes.scene import ANCHORS, HALF, Layer, Place, Scene, Shown, plain, remark


def script(scene: Scene) -> str:
    """The text of the .cxc file; ChimeraX runs it in the folder where it lies."""
    return "\n".join([*_open(scene), *_states(scene), *_levels(scene), "view"]) + "\n"


def axes_file(layer: Layer) -> tuple[str, bytes]:
    """Name and content of the BILD file of a level's libration axes."""
    lines = [f".comment libration axes of {layer.key}", ".color " + " ".join(map(str, _rgb(layer.colour)))]
    for axis in layer.axes:
        numbers = [*axis.start.tolist(), *axis.end.tolist(), 0.25]
        lines += [f".note {remark(axis.said)}", ".cylinder " + " ".join(f"{x:.3f}" for x in numbers)]
    return layer.file.removesuffix(".cif") + ".bild", ("\n".join(lines) + "\n").encode()


def _rgb(colour: str) -> list[float]:
    return [round(int(colour[k : k + 2], 16) / 255, 3) for k in (1, 3, 5)]


def _spec(layer: Layer) -> str:
    """Models are named: their numbers depend on what is open already."""
    return f"##name={_name(layer)}"


def _models(layer: Layer) -> list[str]:
    return [_spec(layer), *([f"{_spec(layer)}_axes"] if layer.axes else [])]


def _name(layer: Layer) -> str:
    return plain(layer.file.removesuffix(".cif"))


def _open(scene: Scene) -> Iterator[str]:
    yield f"# {remark(scene.title)}: {remark(scene.said)}. Made by polystate, to open in ChimeraX."
    yield "# Models: the whole with all levels, and each level alone. For each state an alias: state_SITE_STATE."
    for layer in scene.layers:
        yield f'open "{layer.file}" name {_name(layer)}'
    whole = _spec(scene.whole)
    yield f"hide {whole} atoms"
    yield f"cartoon {whole}"
    yield f"show {whole} & ligand atoms"
    yield from (f"show {whole} & ({spec}) atoms" for spec in dict.fromkeys(map(_residues, _all(scene))) if spec)
    yield f"color byattribute bfactor {whole} palette blue:white:red range 0,{scene.whole.top:g}"


def _all(scene: Scene) -> list[Shown]:
    return [state for place in scene.places for state in place.states]


def _residues(state: Shown) -> str:
    return "".join(f"/{part.chain or '*'}:{','.join(part.residues)}" for part in state.parts if part.is_plain)


def _states(scene: Scene) -> Iterator[str]:
    for place in scene.places:
        for state in place.states:
            yield from _alias(scene, place, state)


def _alias(scene: Scene, place: Place, state: Shown) -> Iterator[str]:
    changes = [
        f"altlocs change {part.altloc} {_spec(scene.whole)} & /{part.chain or '*'}:{','.join(part.residues)}"
        for part in state.parts
        if part.altloc and part.is_plain
    ]
    if changes:
        yield remark(f"# {place.name} = {state.label}: {state.said}")
        yield f"alias {state.name} {'; '.join(dict.fromkeys(changes))}"


def _levels(scene: Scene) -> Iterator[str]:
    for layer in scene.levels:
        spec = _spec(layer)
        drawn = spec if scene.few else f"{spec} & @{','.join(ANCHORS)}"
        if not scene.few:
            yield f"# One atom a residue, those of all atoms by: show {spec} atoms, then: aniso {spec}"
        yield f"# level {remark(layer.name)}: colours from B = 0 to {layer.top:g} A^2, ellipsoids of half of all draws"
        yield f"hide {spec} atoms"
        yield f"cartoon {spec}"
        yield f"show {drawn} atoms"
        yield f"style {drawn} stick"
        yield f"color byattribute bfactor {spec} palette blue:white:red range 0,{layer.top:g}"
        yield f"aniso style {spec} scale {HALF}"
        yield f"aniso {drawn}"
        if layer.axes:
            yield f'open "{axes_file(layer)[0]}" name {_name(layer)}_axes'
        yield from (f"hide {model} models" for model in _models(layer))
    for layer in scene.layers:
        others = [model for other in scene.layers if other is not layer for model in _models(other)]
        words = [*(f"hide {model} models" for model in others), *(f"show {model} models" for model in _models(layer))]
        yield f"alias level_{layer.key} {'; '.join(words)}"
