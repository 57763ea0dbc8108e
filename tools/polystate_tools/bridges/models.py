"""Frames as the models of a gemmi structure."""

from __future__ import annotations

from typing import Any

import numpy as np

from polystate.numbers.tensors import EIGHT_PI_SQUARED, six_components
from polystate_tools.bridges.frames import Frames


def of_frames(structure: Any, atom_id: np.ndarray, several: Frames) -> Any:
    """The structure, of one model with every atom in order of serial number, with a model a frame instead.

    Atoms that a frame lacks are not in its model; serial numbers become atom ids. B and ANISOU are those of the
    frame, 0 where it is a draw."""
    whole = structure[0].clone()
    while len(structure):
        del structure[0]
    for k in range(len(several.xyz)):
        model = whole.clone()
        model.num = k + 1
        six = np.zeros((len(atom_id), 6)) if several.u is None else six_components(several.u[k])
        for chain in model:
            for residue in chain:
                for place in range(len(residue) - 1, -1, -1):
                    row = residue[place].serial - 1  # as they stand in the file
                    if several.present[k, row]:
                        _place(residue[place], int(atom_id[row]), several.xyz[k, row], six[row])
                    else:
                        del residue[place]
        _without_empty(model)
        structure.add_model(model)
    return structure


def _place(atom: Any, serial: int, xyz: np.ndarray, six: np.ndarray) -> None:
    atom.serial = serial
    atom.pos.x, atom.pos.y, atom.pos.z = xyz.tolist()
    atom.b_iso = EIGHT_PI_SQUARED / 3 * float(six[:3].sum())
    aniso = atom.aniso
    aniso.u11, aniso.u22, aniso.u33, aniso.u12, aniso.u13, aniso.u23 = six.tolist()


def _without_empty(model: Any) -> None:
    """Residues and chains that have lost all their atoms go."""
    for number in range(len(model) - 1, -1, -1):
        chain = model[number]
        for place in range(len(chain) - 1, -1, -1):
            if not len(chain[place]):
                del chain[place]
        if not len(chain):
            del model[number]
