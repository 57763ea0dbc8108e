"""Several models of one deposition: joint states that look like molecules, and draws that say where they do not."""

from __future__ import annotations

import gemmi
import pytest

import polystate
from polystate_conformance.paths import CORPUS
from polystate_tools.formats import export_file
from polystate_tools.formats.errors import BadOption, CannotHold


def of(name: str) -> polystate.Deposition:
    return polystate.open(CORPUS / f"{name}.zarr.zip")


def test_an_ensemble_keeps_bonds_and_b_factors(tmp_path):
    dep = of("1ejg")
    report = export_file(dep, tmp_path / "e.pdb", ensemble=4, seed=3, psd="clip")
    assert report.models == 4 and not any(loss["what"] == "bond lengths" for loss in report.losses)
    for model in gemmi.read_structure(str(tmp_path / "e.pdb")):
        residues = [r for r in model[0] if "CA" in r and "C" in r]
        assert len(residues) == 46 and all(1.4 < r["CA"][0].pos.dist(r["C"][0].pos) < 1.65 for r in residues)
        assert all(atom.occ == 1 and atom.b_iso > 0 for r in residues for atom in r)


def test_an_ensemble_follows_the_populations(tmp_path):
    export_file(of("altloc-microheterogeneity"), tmp_path / "e.pdb", ensemble=400, seed=1)
    names = [r.name for m in gemmi.read_structure(str(tmp_path / "e.pdb")) for r in m[0] if r.seqid.num == 22]
    assert len(names) == 400 and abs(names.count("PRO") / 400 - 0.6) < 0.1  # four standard deviations


def test_draws_that_bend_the_geometry_say_so(tmp_path):
    report = export_file(of("5g27"), tmp_path / "d.pdb", draws=2, psd="clip")
    bent = [loss for loss in report.losses if loss["what"] == "bond lengths"]
    assert len(bent) == 1 and bent[0]["count"] > 100 and "--ensemble" in bent[0]["because"]


def test_noise_of_chosen_levels(tmp_path):
    dep = of("scenario-crystal")
    state = next(dep.states.legal())
    export_file(dep, tmp_path / "none.pdb", draws=1, noise=[], state=state, psd="clip")
    export_file(dep, tmp_path / "mean.pdb", state=state, one_state=True)
    still, mean = (gemmi.read_structure(str(tmp_path / f"{n}.pdb"))[0] for n in ("none", "mean"))
    assert all(a.atom.pos.dist(b.atom.pos) < 2e-3 for a, b in zip(still.all(), mean.all(), strict=True))
    with pytest.raises(BadOption, match="levels of "):
        export_file(dep, tmp_path / "x.pdb", draws=1, noise=["foo"])


@pytest.mark.parametrize("options", [
    {"draws": 1, "ensemble": 1}, {"noise": ["b"]}, {"ensemble": -1}, {"ensemble": 1, "altloc": "first"},
    {"ensemble": 1, "reference": True}, {"ensemble": 2, "states": 2},
])  # fmt: skip
def test_two_ways_to_choose_are_refused(tmp_path, options):
    with pytest.raises(BadOption):
        export_file(of("altloc-nested"), tmp_path / "x.pdb", **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["draws", "ensemble"])
def test_models_that_memory_has_no_room_for_are_refused_before_one_is_made(option, tmp_path):
    with pytest.raises(CannotHold, match=f"--{option}: found 1000000000000 models"):
        export_file(of("nested-loop"), tmp_path / "x.cif", **{option: 10**12})
