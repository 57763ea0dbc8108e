"""Images of particles: in H5MD a particle lies as many edges of the box from its position as `image` says."""

from __future__ import annotations

import numpy as np

from polystate.artifacts.h5md import Element, H5md
from polystate.numbers.units import ANGSTROM
from polystate_tools.formats.errors import WrongColumns
from polystate_tools.formats.h5md.axes import steps_of, unit_of


def shift_of_images(file: H5md, group: str, element: Element, units: str | None) -> np.ndarray | float:
    """What the images of a group add to its positions, (n, M, 3) ångström; 0 where it has none."""
    parent = file.group(group)
    if "image" not in parent:
        return 0.0
    images = file.element(parent, "image")
    if images.shape != element.shape or images.dataset.dtype.kind not in "iu":
        found = f"{images.dataset.dtype} {images.shape}"
        raise WrongColumns(images.where, found, f"integers {element.shape}, three for each particle")
    steps, edges = steps_of(images, element), file.box(group)
    if steps is None:
        raise WrongColumns(images.where, "images at other steps than the positions", "an image for each position")
    numbers = np.stack([np.asarray(images.at(k), np.float64) for k in steps])
    if not numbers.any():
        return 0.0
    at = None if edges is None else steps_of(edges, element)
    if edges is None or at is None or edges.shape not in ((3,), (3, 3)):
        raise WrongColumns(
            images.where, "images without the edges of a box at their steps", "edges of three dimensions"
        )
    factor = ANGSTROM[unit_of(edges, units)]
    boxes = np.stack([_matrix(np.asarray(edges.at(k), np.float64) * factor) for k in at])
    return np.einsum("nmk,nkj->nmj", numbers, boxes)


def _matrix(edges: np.ndarray) -> np.ndarray:
    """(3, 3) the edge vectors of a box as rows."""
    return np.diag(edges) if edges.ndim == 1 else edges
