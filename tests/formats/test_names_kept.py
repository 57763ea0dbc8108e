"""Names that could be taken for something else: an alternate named absent, chains without a name."""

from __future__ import annotations

import gemmi
import pytest
from cif_text import cif, imported

from polystate.deposition import Deposition
from polystate_tools.formats import export_file, import_file


def again(tmp_path, dep: Deposition) -> tuple[Deposition, gemmi.cif.Block]:
    export_file(dep, tmp_path / "again.cif", gaussian="records")
    block = gemmi.cif.read(str(tmp_path / "again.cif")).sole_block()
    return Deposition(import_file(tmp_path / "again.cif")[0]), block


@pytest.mark.parametrize("models", [1, 2])
@pytest.mark.parametrize("letters", [("conf1", "absent"), ("absent",), ("absent", "present", "absent@1")])
def test_an_alternate_named_absent_keeps_its_name(tmp_path, letters, models):
    atoms = [
        {"label_alt_id": letter, "occupancy": "0.3", "label_seq_id": "1", "auth_seq_id": "1",
         "Cartn_x": f"{k}.{model}", "pdbx_PDB_model_num": str(model)}
        for model in range(1, models + 1) for k, letter in enumerate(letters)
    ]  # fmt: skip
    tree, report = imported(tmp_path, cif(*atoms))
    dep = Deposition(tree)
    warned = any(w.code == "single-altloc" for w in report.warnings)
    assert warned == (len(letters) == 1 and models == 1)
    other, block = again(tmp_path, dep)
    assert list(block.find_values("_atom_site.label_alt_id")) == list(letters) * models
    assert other.digest() == dep.digest()
