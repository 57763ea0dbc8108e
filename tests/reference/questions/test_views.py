"""What consumers ask: scopes, selections, nested variables, beads, annotations, and a world without large scales."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import polystate
from polystate.editing.text_form import build_file
from polystate.errors import BadRequest, NotAPartition, UnknownGrouping
from polystate.structure.selection import partition
from polystate_conformance.paths import CORPUS
from tests.reference.small import build


def corpus(name: str) -> polystate.Deposition:
    """A corpus entry from its text form, with its artifacts."""
    return polystate.Deposition(build_file(CORPUS / "sources" / f"{name}.yaml"), CORPUS)


def test_scopes_say_what_varies_there() -> None:
    dep = corpus("mixed")
    found = {name: [d.id for d in dep.scope(name).descriptors] for name in ("chain", "residue", "atom")}
    assert found == {"chain": ["hinge", "ligand", "tls"], "residue": ["rotamer"], "atom": ["b"]}
    bodies = dep.scope("hinge.bodies/v1")
    assert [d.id for d in bodies.descriptors] == ["hinge", "tls"]
    assert bodies.atoms("lid").tolist() == [11, 12, 13, 14, 15, 16, 17]
    with pytest.raises(UnknownGrouping):
        dep.scope("domains/v1")


def test_everything_above_residues_can_be_ignored() -> None:
    dep = corpus("mixed")
    small = dep.up_to("residue")
    assert small.validate().valid and small.states.count() == 3
    moved = small.render(state={"rotamer": "t"}).xyz - small.x_ref
    assert np.flatnonzero(np.abs(moved).max(axis=1)).tolist() == [13]
    assert np.array_equal(small.covariance(), dep.covariance(levels=["b"]))


def test_ignored_parents_keep_their_states() -> None:
    dep = corpus("scenario-dynamics").up_to("residue")
    assert [s.state["loop/3"] for s in dep.iterate("frame")] == ["shut"] * 3 + ["open"] * 3
    assert dep.states.count() == 3


def test_draws_stay_when_other_scales_are_ignored() -> None:
    dep, draw = corpus("scenario-multiconformer"), polystate.Draw(3, 4)
    assert dep.up_to("residue").render(draw=draw).state == dep.render(draw=draw).state


def test_nested_variables_are_listed_without_being_multiplied() -> None:
    variables = list(corpus("nested-loop").variables())
    assert len(variables) == 42 and sum(len(v.states) for v in variables) < 400
    loop = next(v for v in variables if v.descriptor == "loop")
    assert loop.depth == 1 and loop.parents and all(when for _, _, when in loop.states)


def test_selections() -> None:
    dep = corpus("mixed")
    assert dep.select("B/9").tolist() == [13, 14]
    assert dep.select("//B/9/OG").tolist() == [14]
    assert dep.select("A,C").tolist() == [1, 2, 3, 4, 18, 19, 20, 21]
    assert dep.select("B/8-10/!CA").tolist() == [14]
    assert dep.select("(SER)").tolist() == [13, 14]
    assert dep.select("[O]").tolist() == [14]
    assert dep.select("@hinge.bodies/v1=lid and not ( B/9 or B/12 )").tolist() == [11, 12, 15, 16]
    assert dep.select("atom_id=1-2,21").tolist() == [1, 2, 21]
    assert dep.select("all").size == 21


@pytest.mark.parametrize("text", ["", "A and", "( A", "A )", "A/1-", "A/x", "A:B", "/2/A", "@none/v1", "A/1/CA/x",
                                  "@hinge.bodies/v1=door", "atom_id=x", "A;q>0.5"])  # fmt: skip
def test_what_no_selection_means_is_refused(text: str) -> None:
    with pytest.raises((BadRequest, UnknownGrouping)):
        corpus("mixed").select(text)


@pytest.mark.parametrize("cid", ["A/1-3", "//B/5-7/CA", "B/*/!CA", "(SER,GLY)", "*//[O]", "/1/A", "A//CA[C]",
                                 "B/*(SER)/OG", "!A//CA"])  # fmt: skip
def test_coordinate_ids_mean_what_gemmi_says(cid: str, tmp_path: Path) -> None:
    gemmi = pytest.importorskip("gemmi")
    from polystate_tools.formats import export_file

    dep = corpus("mixed").up_to("atom")
    export_file(dep, tmp_path / "a.pdb")
    structure = gemmi.read_structure(str(tmp_path / "a.pdb"))
    chosen = gemmi.Selection(cid)
    wanted = {(c.name, r.seqid.num, a.name) for m in chosen.models(structure) for c in chosen.chains(m)
              for r in chosen.residues(c) for a in chosen.atoms(r)}  # fmt: skip
    labels = dep.hierarchy.node_labels("atom")
    rows = np.searchsorted(dep.hierarchy.atom_id, dep.select(cid))
    found = {(c, int(n), a) for c, n, a in (labels[row].split("/") for row in rows)}
    assert found == wanted and wanted


def test_selections_make_a_grouping() -> None:
    dep = corpus("mixed")
    group = partition(dep, {"core": "B/1-6", "lid": "B/7-12", "none": "A/99"})
    with_it = polystate.Deposition({**dep.tree, "groupings/my.domains/v1": group}, CORPUS)
    assert with_it.validate().valid and with_it.scope("my.domains/v1").atoms("core").tolist() == [5, 6, 7, 8, 9, 10]
    with pytest.raises(NotAPartition):
        partition(dep, {"core": "B/1-6", "lid": "B/6-12"})


def test_beads_are_weighted_sums() -> None:
    beads = {"kind": "coarse_grain", "child_level": "atom", "labels": ["first", "none", "last"],
             "weight_role": "projection_coefficient", "child": [0, 1, 2], "parent": [0, 0, 2],
             "weight": [0.25, 0.75, 1.0]}  # fmt: skip
    dep = polystate.Deposition(build(3, {}, [[0, 0, 0], [4.0, 0, 0], [1, 2, 3]], groupings={"martini/v1": beads}))
    assert dep.validate().valid
    assert dep.beads("martini/v1").tolist() == [[3, 0, 0], [0, 0, 0], [1, 2, 3]]


def test_annotations_are_reachable_and_change_nothing() -> None:
    dep = corpus("mixed")
    (note,) = dep.annotations("example.notes")
    assert note.body == "seen in one of two data sets" and note.atoms().tolist() == [13, 14]
    bare = polystate.Deposition({p: g for p, g in dep.tree.items() if not p.startswith("annotations")}, CORPUS)
    assert bare.digest() == dep.digest() and bare.digest(full=True) != dep.digest(full=True)
    assert np.array_equal(bare.render(at={"frame": 1}).xyz, dep.render(at={"frame": 1}).xyz)
