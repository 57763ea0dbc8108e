"""Write the sources of the mixed corpus entries: five ways in which regimes meet in practice, and all of them at once.

    python -m polystate_tools.corpus_scenarios

The text forms go to `conformance/corpus/sources/`, the artifact of one of them beside the built entries. All numbers
are closed forms, but the weights of the decoders, which `train_hinge` fits."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from polystate_conformance.paths import CORPUS
from polystate_tools.corpus import hinge as train_hinge
from polystate_tools.corpus.text_form import (
    IADP,
    LAST_KEY,
    Chains,
    deltas,
    discrete,
    float32,
    gaussian,
    iadp,
    landmarks,
    rounded,
    states,
    text,
    tls_row,
)

ARTIFACT = "mixed-ligand.h5md"


ASSERTED = {"stack": {"kind": "assertion", "software": [{"name": "polystate", "version": "0.1.0"}],
                      "method": {"name": "written down as an example"}}}  # fmt: skip


# -- the entries -----------------------------------------------------------------------------------------


def mixed(sha256: str) -> dict[str, Any]:
    """Chain A static, chain B a decoded hinge over two rigid bodies with a rotamer, the ligand a trajectory."""
    build = Chains()
    build.chain("A", "polymer", "static partner", "GAVL")
    for k in range(4):
        build.residue(("GLY", "ALA", "VAL", "LEU")[k], k + 1, [("CA", "C", (3.8 * k, -12.0, 0.0))])
    build.chain("B", "polymer", "hinge", "A" * 8 + "S" + "A" * 3)
    helix = train_hinge.reference(12)
    moving = []
    for k, ca in enumerate(helix):
        atoms = [("CA", "C", ca)]
        if k == 8:
            atoms.append(("OG", "O", np.round(ca + (0.5, 1.2, 0.8), 3)))
        build.residue("SER" if k == 8 else "ALA", k + 1, atoms)
        moving += [xyz for _, _, xyz in atoms]
    build.chain("C", "non-polymer", "ligand")
    build.residue("LIG", 1, [(f"C{k + 1}", "C", xyz) for k, xyz in enumerate(ligand()[0] * 10)])
    document = build.document("A static chain, a decoded hinge with a rotamer, and a ligand along a trajectory")
    body = [0 if xyz[0] <= 0 else 1 for xyz in moving]
    ids = list(range(5, 18))
    trained: dict[str, Any] = train_hinge.to_json(train_hinge.train(np.array(moving)))
    rows = [tls_row(np.array([x for x, b in zip(moving, body, strict=True) if b == g]), 12.0 + 6 * g,
                    (0.001, 0.002, 0.002)) for g in (0, 1)]  # fmt: skip
    document["groupings"] = {
        "hinge.bodies/v1": {"kind": "partition", "child_level": "atom", "labels": ["fixed", "lid"],
                            "child": [i - 1 for i in ids], "parent": body},
        "rotamer.site/v1": {"kind": "heterogeneity_scope", "child_level": "residue", "labels": ["B.9"], "child": [12],
                            "parent": [0]},
    }  # fmt: skip
    document["axes"] = {"frame": {"length": 5, "unit": "ps", "time": [0.0, 10.0, 20.0, 30.0, 40.0]}}
    scope = {"grouping": "hinge.bodies/v1"}
    tables = {
        "states": states([(0, 0, "p", -1, 0.5), (0, 1, "m", -1, 0.3), (0, 2, "t", -1, 0.2)]),
        "deltas": deltas([(0, 1, 14, -1.1, -1.9, 0.3), (0, 2, 14, 0.4, -1.2, -2.0)]),
    }
    document["descriptors"] = {
        "hinge": {"regime": "continuous", "mode": "C", "scope": scope, "signal_type": "deterministic_displacement",
                  "algebra": "additive_displacement",
                  "operator": {"id": "neural_decoder/mlp_v1", "venue": "registry",
                               "parameters": {"activation": "tanh"}},
                  "arrays": {"atom_id": ids, **float32(trained["layers"])},
                  "tables": {"latents": {"component": [0], "draw_key": [LAST_KEY - 1], "variance": [1.0]}}},
        "rotamer": discrete({"grouping": "rotamer.site/v1"}, tables, {0: LAST_KEY}),
        "ligand": {"regime": "trajectory", "mode": "C", "scope": {"level": "chain"}, "signal_type": "coordinates",
                   "algebra": "independent", "sample_axis": "frame",
                   "operator": {"id": "external_reference/h5md_v1", "venue": "external", "uri": f"file:{ARTIFACT}"},
                   "artifact": {"uri": f"file:{ARTIFACT}", "sha256": sha256, "unit": "nanometer",
                                "dataset": "particles/ligand", "media_type": "application/x-hdf5"},
                   "arrays": {"atom_id": [18, 19, 20, 21]}},
        "tls": gaussian(scope, {"id": "parametric_gaussian/tls_v1", "venue": "registry"}, {"tls": rows},
                        provenance="stack"),
        "b": iadp({i: 5.0 + 0.5 * i for i in range(1, 22)}, provenance="stack"),
    }  # fmt: skip
    document["landmarks"] = {"hinge": landmarks("hinge", trained["landmarks"])}
    document["provenance"] = ASSERTED
    note = {"selector": {"target": "state", "descriptor": "rotamer", "site": 0, "state": 2},
            "body": "seen in one of two data sets"}  # fmt: skip
    document["annotations"] = {"example.notes": {"items": [note]}}
    return document


def ligand() -> np.ndarray:
    """Four atoms that drift along x and turn about z, (5, 4, 3) float32 nanometre."""
    square = np.array([[0.07, 0.0, 1.2], [0.0, 0.07, 1.2], [-0.07, 0.0, 1.2], [0.0, -0.07, 1.2]])
    frames = []
    for k in range(5):
        c, s = np.cos(0.3 * k), np.sin(0.3 * k)
        frames.append(square @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]).T + [0.05 * k, 0.0, 0.0])
    return np.round(np.array(frames), 5).astype(np.float32)


def crystal() -> dict[str, Any]:
    """A refined crystal structure: TLS of two chains, residual B-factors, an alternate that keeps its own B."""
    build = Chains()
    for c, name in enumerate("AB"):
        build.chain(name, "polymer", f"chain {name}", "GSG")
        for k in range(3):
            at = np.array([3.8 * k, 9.0 * c, 0.5 * k])
            side = [("OG", "O", at + (0.9, 2.1, 0.4))] if k == 1 else []
            build.residue("SER" if k == 1 else "GLY", k + 1, [("CA", "C", at), *side])
    build.xyz = rounded(build.xyz)
    document = build.document("A refined crystal structure: TLS, residual B-factors, one alternate")
    document["hierarchy"] |= {"cell": {"a": 30.0, "b": 40.0, "c": 50.0, "alpha": 90.0, "beta": 90.0, "gamma": 90.0},
                              "space_group": "P 21 21 21"}  # fmt: skip
    xyz = np.array(build.xyz)
    rows = [tls_row(xyz[:4], 15.0, (0.002, 0.001, 0.003)), tls_row(xyz[4:], 25.0, (0.001, 0.004, 0.002))]
    b = {"atom_id": [1, 2, 3, 3, 4, 5, 6, 7, 8], "condition": [-1, -1, 0, 1, -1, -1, -1, -1, -1],
         "b": [4.0, 5.0, 6.0, 9.0, 5.5, 4.5, 5.0, 7.0, 6.5]}  # fmt: skip
    conditions = {"condition": [0, 1], "parent": ["altloc", "altloc"], "site": [1, 1], "state": [0, 1]}
    tables = {"states": states([(1, 0, "A", -1, 0.65), (1, 1, "B", -1, 0.35)]),
              "deltas": deltas([(1, 1, 3, -1.75, 0.25, 0.5)])}  # fmt: skip
    document["descriptors"] = {
        "altloc": discrete({"level": "residue"}, tables, {1: LAST_KEY}),
        "tls": gaussian({"level": "chain"}, {"id": "parametric_gaussian/tls_v1", "venue": "registry"}, {"tls": rows},
                        provenance="stack"),
        "b": {**gaussian({"level": "atom"}, IADP, b, provenance="stack", adp_content="residual"),
              "tables": {"conditions": conditions}},
    }  # fmt: skip
    document["provenance"] = ASSERTED
    return document


def bundle() -> dict[str, Any]:
    """An NMR bundle of four models, each with B-factors of its own for the loop."""
    build = Chains()
    build.chain("A", "polymer", "peptide", "GAGG")
    base = np.array([[3.8 * k, 0.0, 0.0] for k in range(4)])
    models = [base + [[0, 0.1 * m * k, -0.05 * m * k * k] for k in range(4)] for m in range(4)]
    for k in range(4):
        build.residue("ALA" if k == 1 else "GLY", k + 1, [("CA", "C", models[0][k])])
    document = build.document("An NMR bundle: one variable whose states are the models, uncertainty by model")
    document["axes"] = {"model": {"length": 4, "population": [0.25] * 4}}
    model = {"regime": "discrete", "mode": "A", "scope": {"level": "deposition"}, "signal_type": "coordinates",
             "algebra": "independent", "state_axis": "model",
             "arrays": {"atom_id": [1, 2, 3, 4], "xyz": rounded(models), "present": [[1] * 4] * 4},
             "tables": {"states": states([(0, m, str(m + 1), -1, 0.25) for m in range(4)], "unknown"),
                        "variables": {"site": [0], "draw_key": [LAST_KEY]}}}  # fmt: skip
    rows = [(1, -1, 6.0), (2, -1, 7.0)]
    rows += [(3, m, 8.0 + 2 * m) for m in range(4)] + [(4, m, 10.0 + 5 * m) for m in range(4)]
    b = dict(zip(("atom_id", "condition", "b"), map(list, zip(*rows, strict=True)), strict=True))
    conditions = {"condition": list(range(4)), "parent": ["model"] * 4, "site": [0] * 4, "state": list(range(4))}
    uncertainty = {**gaussian({"level": "atom"}, IADP, b), "tables": {"conditions": conditions}}
    document["descriptors"] = {"model": model, "b": uncertainty}
    return document


def molecular_dynamics() -> dict[str, Any]:
    """Six frames: the protein along two principal components, the ligand listed, a cluster label made from the
    components, a loop that opens in one cluster only, and B-factors that are broadcast."""
    build = Chains()
    build.chain("A", "polymer", "protein", "GGGG")
    for k in range(4):
        build.residue("GLY", k + 1, [("CA", "C", (3.8 * k, 0.0, 0.0))])
    build.chain("B", "non-polymer", "ligand")
    build.residue("LIG", 1, [("C1", "C", (5.0, 4.0, 0.0)), ("O1", "O", (6.2, 4.0, 0.0))])
    document = build.document("Molecular dynamics: frames, a cluster label made from them, broadcast B-factors")
    document["axes"] = {"frame": {"length": 6, "unit": "ps", "time": [0.0, 2.0, 4.0, 6.0, 8.0, 10.0],
                                  "energy_unit": "kJ/mol",
                                  "energy": [-10.0, -10.5, -9.0, -12.0, -12.5, -11.5]}}  # fmt: skip
    drift = [[[5.0 + 0.25 * k, 4.0 - 0.125 * k, 0.0], [6.2 + 0.25 * k, 4.0, 0.125 * k]] for k in range(6)]
    document["descriptors"] = {
        "essential": {"regime": "continuous", "mode": "C", "scope": {"level": "chain"}, "sample_axis": "frame",
                      "signal_type": "deterministic_displacement", "algebra": "additive_displacement",
                      "operator": {"id": "basis/pca_v1", "venue": "registry"},
                      "arrays": {"atom_id": [1, 2, 3, 4],
                                 "basis": [[[0.0, 0.5, 0.0]] * 4, [[0.5, 0, 0], [-0.5, 0, 0]] * 2],
                                 "coefficients": [[-2.0, 0.1], [-1.75, -0.2], [-0.5, 0.3], [1.5, 0.0], [2.25, -0.1],
                                                  [0.25, 1.0]],
                                 "variance": [2.9, 0.2]}},
        "ligand": {"regime": "trajectory", "mode": "A", "scope": {"level": "chain"}, "sample_axis": "frame",
                   "signal_type": "coordinates", "algebra": "independent",
                   "arrays": {"atom_id": [5, 6], "xyz": rounded(drift)}},
        "cluster": {"regime": "discrete", "mode": "B", "scope": {"level": "deposition"}, "sample_axis": "frame",
                    "signal_type": "categorical_state", "algebra": "independent",
                    "derived_from": {"operator": {"id": "assignment/nearest_landmark_v1", "venue": "registry"},
                                     "inputs": [{"path": "descriptors/essential"}, {"path": "landmarks/essential"}]}},
        "loop": discrete({"level": "residue"},
                         {"states": states([(3, 0, "shut", 0, 1.0), (3, 0, "shut", 1, 0.4), (3, 1, "open", 1, 0.6)]),
                          "conditions": {"condition": [0, 1], "parent": ["cluster"] * 2, "site": [0] * 2,
                                         "state": [0, 1]},
                          "deltas": deltas([(3, 1, 4, 0.0, 0.0, 1.5)])}, {3: LAST_KEY - 8}, algebra="nested_under"),
        "b": iadp({i: 8.0 + i for i in range(1, 7)}),
    }  # fmt: skip
    document["landmarks"] = {
        "essential": {"descriptor": "essential", "variable": "coefficients", "labels": ["closed", "opened"],
                      "assignment": {"id": "assignment/nearest_landmark_v1", "venue": "registry"},
                      "arrays": {"point": [[-2.0, 0.0], [2.0, 0.0]]}},
    }  # fmt: skip
    return document


def multiconformer() -> dict[str, Any]:
    """A multiconformer model: two residues with up to four conformers, one under the other, each with B-factors."""
    build = Chains()
    build.chain("A", "polymer", "protein", "GSTG")
    for k, comp in enumerate(("GLY", "SER", "THR", "GLY")):
        at = np.array([3.8 * k, 0.0, 0.0])
        side = {1: [("OG", "O", at + (0.8, 2.2, 0.1))], 2: [("OG1", "O", at + (0.6, -2.1, 0.7))]}.get(k, [])
        build.residue(comp, k + 1, [("CA", "C", at), *side])
    build.xyz = rounded(build.xyz)
    document = build.document("A multiconformer model with B-factors by conformer")
    first = [(1, s, "ABCD"[s], -1, p) for s, p in enumerate((0.4, 0.3, 0.2, 0.1))]
    second = [(2, 0, "A", 0, 1.0), (2, 0, "A", 1, 0.25), (2, 1, "B", 1, 0.75)]
    moved = [(1, s, a, round(0.2 * s, 6), round(-0.3 * s * (a - 1), 6), round(0.1 * (a == 3) * s, 6))
             for s in (1, 2, 3) for a in (2, 3)]  # fmt: skip
    conditions = {"condition": [0, 0, 1, 1], "parent": ["conformer"] * 4, "site": [1] * 4, "state": [0, 1, 2, 3]}
    rows = [(1, -1, 9.0), (2, -1, 10.0), *((3, 2 + s, 11.0 + 4 * s) for s in range(4)), (4, -1, 10.5), (5, -1, 14.0),
            (6, -1, 9.5)]  # fmt: skip
    b = dict(zip(("atom_id", "condition", "b"), map(list, zip(*rows, strict=True)), strict=True))
    own = {"condition": [2, 3, 4, 5], "parent": ["conformer"] * 4, "site": [1] * 4, "state": [0, 1, 2, 3]}
    document["descriptors"] = {
        "conformer": discrete({"level": "residue"}, {"states": states(first), "deltas": deltas(moved)}, {1: LAST_KEY}),
        "neighbour": discrete({"level": "residue"}, {"states": states(second), "conditions": conditions,
                                                     "deltas": deltas([(2, 1, 5, 1.3, 0.4, -1.1)])},
                              {2: LAST_KEY - 1}, algebra="nested_under"),
        "b": {**gaussian({"level": "atom"}, IADP, b), "tables": {"conditions": own}},
    }  # fmt: skip
    return document


def microscopy() -> dict[str, Any]:
    """Cryo-EM: particles with a class, and a continuous motion that only one class has, decoded from a latent space."""
    build = Chains()
    build.chain("A", "polymer", "machine", "A" * 12)
    helix = train_hinge.reference(12)
    for k, ca in enumerate(helix):
        build.residue("ALA", k + 1, [("CA", "C", ca)])
    document = build.document("A cryo-EM data set: particles with a class, a motion nested under one class")
    trained: dict[str, Any] = train_hinge.to_json(train_hinge.train(helix))
    document["groupings"] = {"class.map/v1": {"kind": "heterogeneity_scope", "child_level": "chain",
                                              "labels": ["particle"], "child": [0], "parent": [0]}}  # fmt: skip
    document["axes"] = {"particle": {"length": 4}}
    labels = [0, 1, 1, 0]
    shift = deltas([(0, 1, k + 1, 0.0, 0.0, 0.75) for k in range(12)])
    classes = discrete({"grouping": "class.map/v1"},
                       {"states": states([(0, 0, "rigid", -1, 0.45), (0, 1, "flexible", -1, 0.55)]), "deltas": shift},
                       {0: LAST_KEY}, sample_axis="particle")  # fmt: skip
    document["descriptors"] = {
        "class": {**classes, "arrays": {"labels": labels}},
        "motion": {"regime": "continuous", "mode": "C", "scope": {"level": "deposition"}, "sample_axis": "particle",
                   "signal_type": "deterministic_displacement", "algebra": "additive_displacement", "active_when": 0,
                   "operator": {"id": "neural_decoder/mlp_v1", "venue": "registry"},
                   "arrays": {"atom_id": list(range(1, 13)), "latent": [[0.0], [1.25], [-0.5], [0.0]],
                              **float32(trained["layers"])},
                   "tables": {"conditions": {"condition": [0], "parent": ["class"], "site": [0], "state": [1]},
                              "latents": {"component": [0], "draw_key": [LAST_KEY - 1], "variance": [1.0]}}},
        "b": iadp({i: 20.0 for i in range(1, 13)}),
    }  # fmt: skip
    document["landmarks"] = {"motion": landmarks("motion", trained["landmarks"])}
    return document


def write_ligand(path: Path) -> str:
    """Write the trajectory of the ligand as H5MD; returns its SHA-256."""
    import h5py

    with h5py.File(path, "w") as file:
        meta = file.create_group("h5md")
        meta.attrs["version"] = np.array([1, 1], np.int32)
        meta.create_group("author").attrs["name"] = "Polystate"
        meta.create_group("creator").attrs.update({"name": "polystate", "version": "0.1.0"})
        group = file.create_group("particles/ligand")
        box = group.create_group("box")
        box.attrs.update({"dimension": np.int32(3), "boundary": np.array([b"none"] * 3)})
        position = group.create_group("position")
        values = position.create_dataset("value", data=ligand())
        values.attrs["unit"] = "nm"
        position.create_dataset("step", data=np.arange(5, dtype=np.int32) * 5000)
        position.create_dataset("time", data=np.arange(5) * 10.0).attrs["unit"] = "ps"
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write(folder: Path = CORPUS) -> list[Path]:
    """Write all sources and the artifact; returns the text forms."""
    sha256 = write_ligand(folder / ARTIFACT)
    documents = {
        "mixed": mixed(sha256), "scenario-crystal": crystal(), "scenario-bundle": bundle(),
        "scenario-dynamics": molecular_dynamics(), "scenario-multiconformer": multiconformer(),
        "scenario-classes": microscopy(),
    }  # fmt: skip
    written = []
    for name, document in documents.items():
        path = folder / "sources" / f"{name}.yaml"
        path.write_text(text(document), "utf-8")
        written.append(path)
    return written


def main() -> None:
    """Write the sources."""
    argparse.ArgumentParser(prog="python -m polystate_tools.corpus_scenarios", description=__doc__).parse_args()
    for path in write():
        print(path.name)


if __name__ == "__main__":
    main()
