"""From a file to a deposition, its queries, files and page; interruption; many structures."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import polystate
from polystate.errors import BadRequest
from polystate_tools.bridges.query import query
from polystate_tools.cli import application
from polystate_tools.echt.fit import atom_b, fit
from polystate_tools.echt.outputs import write_all
from polystate_tools.echt.ranges import share_ranges
from polystate_tools.echt.solver import solver as solver_module
from polystate_tools.echt.solver.model import atom_covariances
from polystate_tools.echt.solver.points import Settings
from polystate_tools.echt.stored import checked, input_of, stored
from polystate_tools.report.page import page

SHORT = Settings(max_steps=25, final_tolerance=1e-5)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    from tests.tools.echt.conftest import peptide

    path = tmp_path_factory.mktemp("fit") / "small.pdb"
    path.write_text(peptide())
    return fit(path, settings=SHORT)


def test_the_deposition_is_valid_and_means_the_model(fitted):
    dep = polystate.Deposition(fitted.deposition_tree())
    report = dep.validate()
    assert report.valid, [str(e) for e in report.errors]
    u = dep.covariance()[fitted.data.rows]
    model = np.zeros((len(u), 6))
    model[fitted.solver.s.order] = atom_covariances(fitted.solver.s, fitted.point.sigma, fitted.point.own)
    np.testing.assert_allclose(u[:, [0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]], model, atol=1e-12)
    water = np.flatnonzero(dep.hierarchy.text("residues", "comp")[dep.hierarchy.of_atoms("residue")] == "HOH")
    assert 8 * np.pi**2 * np.trace(dep.covariance()[water[0]]) / 3 == pytest.approx(30.0)


def test_every_level_is_there_with_its_provenance(fitted):
    tree = fitted.deposition_tree()
    block = tree["provenance/echt"].attributes
    assert block["kind"] == "fit" and block["stack"][-1] == "echt.atomic"
    assert block["certificate"]["relative_gap"] < 1e-3
    assert len(block["path"]) == len(fitted.steps)
    assert sum(level["share"] for level in block["levels"]) == pytest.approx(100)
    for level in fitted.levels:
        rows = tree[f"descriptors/echt.{level.name}"].arrays["tls"]
        assert rows.shape == (len(level.names), 24)


def test_a_deposition_can_be_fitted_again(fitted, tmp_path):
    from polystate.store.writing import write

    path = tmp_path / "first.zarr"
    write(fitted.deposition_tree(), path)
    again = fit(path, settings=Settings(max_steps=3, final_tolerance=1e-2))
    tree = again.deposition_tree()
    assert polystate.Deposition(tree).validate().valid
    assert sum(p.startswith("descriptors/") for p in tree) == sum(
        p.startswith("descriptors/") for p in fitted.deposition_tree()
    )


def test_a_part_of_an_earlier_fit_is_not_fitted_over_the_rest(fitted, tmp_path):
    """Its levels have the names of the new ones: the other atoms would lose what they had."""
    polystate.write(fitted.deposition_tree(), tmp_path / "first.zarr")
    refused = run(tmp_path / "first.zarr", tmp_path / "out.zarr", "--only", "A").exception
    assert refused.code == "unsupported-combination" and "atoms of an earlier fit" in str(refused)


def test_residues_in_the_top_tenth_can_be_asked_for(fitted):
    dep = polystate.Deposition(fitted.deposition_tree())
    sql = (
        "SELECT name FROM groups WHERE descriptor = 'echt.residue' AND amplitude >= "
        "(SELECT quantile_cont(amplitude, 0.9) FROM groups WHERE descriptor = 'echt.residue')"
    )
    found = query(dep, sql).column("name").to_pylist()
    assert 0 < len(found) <= 8


def test_files_by_level_add_up(fitted, tmp_path):
    import gemmi

    files = write_all(fitted, tmp_path / "out")
    assert {f.name for f in files} >= {
        "levels.csv",
        "atoms.csv",
        "groups.csv",
        "path.csv",
        "1-chain.cif",
        "1-chain.pdb",
    }
    total = gemmi.read_structure(str(tmp_path / "out" / f"{len(fitted.names)}-cumulative-atomic.cif"))
    b = {a.serial: a.b_iso for c in total[0] for r in c for a in r}
    ids = fitted.data.dep.hierarchy.atom_id[fitted.data.rows]
    np.testing.assert_allclose([b[int(i)] for i in ids], atom_b(fitted).sum(axis=0), atol=0.01)


def test_ranges_contain_the_fit(fitted):
    for r in share_ranges(fitted.solver, fitted.steps[-1].n, fitted.point, [0.05])[0]:
        assert r.low[r.level] <= fitted.steps[-1].mean_b[r.level] + 1e-9 <= r.high[r.level] + 2e-9


def test_the_page_is_complete_and_asks_for_nothing(fitted, tmp_path):
    html = page(stored(polystate.Deposition(fitted.deposition_tree())), [])
    assert not re.search(r"""(src|href)\s*=\s*["']|@import|url\(|fetch\(|XMLHttp|https?://(?!www\.w3\.org/2000/svg)""",
                         re.sub(r"<pre>.*?</pre>", "", html, flags=re.S))  # fmt: skip
    data = json.loads(re.search(r'id="model">(.*?)</script>', html, re.S)[1])
    assert len(data["xyz"]) == len(data["u"][0]) == 49
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser:
        path = tmp_path / "page.html"
        path.write_text(html.replace("relevel();\n})", "relevel(); document.title = 'drawn ' + drawn.length;\n})"))
        done = subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--dump-dom",
             path.as_uri()], capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert "<title>drawn 49</title>" in done.stdout


def test_a_stored_fit_is_checked_against_its_file(fitted, pdb):
    """F and its bound from the stored numbers and the file that was fitted: those of the fit."""
    found = stored(polystate.Deposition(fitted.deposition_tree()))
    np.testing.assert_array_equal(found.rows, fitted.data.rows)
    np.testing.assert_allclose(found.b, atom_b(fitted), atol=1e-9)
    data = input_of(found, pdb)
    solver, point = checked(found, data)
    assert point.F == pytest.approx(fitted.point.F, rel=1e-9)
    assert fitted.point.D - 1e-3 * point.F < point.D <= point.F
    np.testing.assert_allclose(np.linalg.eigvalsh(point.sigma).min(), 0.0, atol=1e-9)


def test_a_deposition_is_reported(fitted, pdb, tmp_path):
    from polystate.store.writing import write

    write(fitted.deposition_tree(), tmp_path / "fit.zarr")
    call = ["report", str(tmp_path / "fit.zarr"), "-o", str(tmp_path / "page.html")]
    done = CliRunner().invoke(application("report"), call)
    assert done.exit_code == 0, done.output
    assert "Give the fitted file" in (tmp_path / "page.html").read_text()
    assert CliRunner().invoke(application("report"), call).exception.code == "already-exists"
    done = CliRunner().invoke(application("report"), [*call, "-y", "--no-ranges", "--input", str(pdb)])
    assert done.exit_code == 0, done.output
    assert "Residuals" in (tmp_path / "page.html").read_text()
    other = tmp_path / "other.pdb"
    other.write_text(pdb.read_text().replace("  CA  SER A   1", "  CX  SER A   1"))
    refused = CliRunner().invoke(application("report"), [*call, "-y", "--input", str(other)]).exception
    assert refused.code == "bad-request" and "A/1/C" in str(refused)


def test_a_deposition_without_a_fit_is_refused(pdb, tmp_path):
    from polystate_tools.echt.input import load

    with pytest.raises(BadRequest, match="no fitted hierarchy"):
        stored(polystate.Deposition(load(pdb)[0]))


def run(*arguments):
    return CliRunner().invoke(application("fit"), ["fit", *map(str, arguments)])


def test_the_command_prints_the_path(pdb, tmp_path):
    done = run(pdb, tmp_path / "out.zarr", "--levels", "chain,residue,atomic", "--steps", "4", "--json")
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert [s["n"] for s in result["path"]] == [1, 2, 3, 4]
    assert set(result["path"][0]) >= {"omega_alpha", "F", "certificate", "mean_b"}
    assert sum(result["shares"].values()) == pytest.approx(100)
    assert polystate.open(tmp_path / "out.zarr").validate().valid
    assert run(pdb, tmp_path / "out.zarr", "--steps", "2").exception.code == "already-exists"


def test_levels_that_are_all_still_zero_have_no_shares(pdb, tmp_path):
    """At the first penalties every level is switched off: a deposition, numbers and a table all the same."""
    out = tmp_path / "out.zarr"
    done = run(pdb, out, "--levels", "atomic", "--steps", "2", "--json")
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert (result["mean_b_total"], result["shares"], result["share_bounds"]) == (
        0.0,
        {"atomic": 0.0},
        {"atomic": None},
    )
    assert any("every level is still zero" in note for note in result["notes"])
    dep = polystate.open(out)
    assert dep.validate().valid
    assert "share_bound" not in dep.tree["provenance/echt"].attributes["levels"][0]
    done = run(pdb, out, "--levels", "atomic", "--steps", "2", "-y")
    assert done.exit_code == 0 and "more --steps" in done.stderr
    done = run(pdb, out, "--levels", "atomic", "--steps", "2", "-y", "--report", tmp_path / "page.html")
    assert done.exception.code == "bad-request" and "every level is still zero" in str(done.exception)
    assert not (tmp_path / "page.html").exists() and polystate.open(out).validate().valid


def test_outputs_do_not_replace_what_is_read_nor_lie_in_one_another(pdb, tmp_path):
    out, text = tmp_path / "out.zarr", pdb.read_text()
    for arguments, named in (
        ((pdb, pdb), "small.pdb, which is read"),
        ((pdb, out, "--report", pdb), "--report: found .* which is read"),
        ((pdb, out, "--files", out), "--files: found .* in the deposition"),
        ((pdb, out, "--report", out / "page.html"), "--report: found .* in the deposition"),
    ):
        refused = run(*arguments, "-y").exception
        assert refused.code == "bad-request" and re.search(named, str(refused))
    assert pdb.read_text() == text and not out.exists()


LEVELS = ("--levels", "chain,residue,atomic", "--steps", "6", "--json")


def interrupt(monkeypatch, arguments, step: int):
    """Ctrl-C in the middle of a step."""
    solve_step = solver_module.Solver.solve_step

    def stop(self, n, centre, tolerance):
        if n == step:
            raise KeyboardInterrupt
        return solve_step(self, n, centre, tolerance)

    with monkeypatch.context() as patch:
        patch.setattr(solver_module.Solver, "solve_step", stop)
        return run(*arguments)


def same_path(one, other) -> bool:
    return [{**s, "seconds": 0} for s in one["path"]] == [{**s, "seconds": 0} for s in other["path"]]


def test_an_interrupted_fit_goes_on(pdb, tmp_path, monkeypatch):
    """From every step, to exactly the fit that was not interrupted."""
    whole = json.loads(run(pdb, tmp_path / "whole.zarr", *LEVELS).stdout)
    for step in range(1, 7):
        out = tmp_path / f"out{step}.zarr"
        stopped = interrupt(monkeypatch, (pdb, out, *LEVELS), step)
        assert stopped.exit_code == 130
        kept = tmp_path / f"out{step}.zarr.partial-fit.npz"
        assert kept.exists() == (step > 1) == ("goes on from" in stopped.stderr)
        assert same_path(json.loads(run(pdb, out, *LEVELS).stdout), whole)
        assert not kept.exists()
        one, other = polystate.open(out).tree, polystate.open(tmp_path / "whole.zarr").tree
        for name in ("echt.chain", "echt.residue"):
            stored = (t[f"descriptors/{name}"].arrays["tls"] for t in (one, other))
            np.testing.assert_array_equal(*(np.asarray(a) for a in stored))


def test_a_damaged_state_is_said_and_left(pdb, tmp_path, monkeypatch):
    whole = json.loads(run(pdb, tmp_path / "whole.zarr", *LEVELS).stdout)
    arguments = (pdb, tmp_path / "out.zarr", *LEVELS)
    interrupt(monkeypatch, arguments, 4)
    kept = tmp_path / "out.zarr.partial-fit.npz"
    content = kept.read_bytes()
    middle = len(content) // 2
    for damaged in (content[:500], content[:-30], b"", content[:middle] + 8 * b"damaged!" + content[middle + 64 :]):
        kept.write_bytes(damaged)
        done = run(*arguments, "-y")
        assert done.exit_code == 0, done.output
        assert "partial-fit.npz is damaged (" in done.stderr and "starts over" in done.stderr
        assert same_path(json.loads(done.stdout), whole)


def test_the_state_of_another_fit_is_not_forgotten_by_a_slip(pdb, tmp_path, monkeypatch):
    interrupt(monkeypatch, (pdb, tmp_path / "out.zarr", *LEVELS), 4)
    other = (pdb, tmp_path / "out.zarr", "--levels", "chain,atomic", "--steps", "2", "--json")
    refused = run(*other).exception
    assert refused.code == "already-exists" and "interrupted fit of 3 steps" in str(refused)
    assert run(*other, "--restart").exit_code == 0


def test_an_invalid_result_is_not_written_and_the_fit_is_kept(pdb, tmp_path, monkeypatch):
    from polystate_tools.echt import fit as fit_module

    def spoiled(*arguments, **options):
        tree = fitted_tree(*arguments, **options)
        tree["descriptors/echt.chain"].arrays["tls"][0, 0] = np.nan
        return tree

    whole = json.loads(run(pdb, tmp_path / "whole.zarr", *LEVELS).stdout)
    arguments, fitted_tree = (pdb, tmp_path / "out.zarr", *LEVELS), fit_module.fitted_tree
    with monkeypatch.context() as patch:
        patch.setattr(fit_module, "fitted_tree", spoiled)
        refused = run(*arguments)
    assert refused.exception.code == "non-finite" and "echt.chain" in refused.exception.where
    assert "make" in str(refused.exception) and "partial-fit.npz is kept" in refused.stderr
    assert not (tmp_path / "out.zarr").exists()
    assert same_path(json.loads(run(*arguments).stdout), whole)


def test_an_invalid_input_is_refused_before_the_fit(pdb, tmp_path):
    from polystate_tools.echt.input import load

    tree = dict(load(pdb)[0])
    tree["descriptors/iadp"].arrays["b"][3] = np.nan
    polystate.write(tree, tmp_path / "in.zarr")
    refused = run(tmp_path / "in.zarr", tmp_path / "out.zarr").exception
    assert refused.code == "non-finite" and "makes in.zarr invalid" in str(refused)


def test_what_could_not_be_written_is_refused_before_the_fit(pdb, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "levels.csv").touch()
    (tmp_path / "page.html").touch()
    full, page, out = tmp_path / "full", tmp_path / "page.html", tmp_path / "out.zarr"
    for arguments, named in (
        ((full, "-y"), "no Zarr group"),
        ((out, "--files", full), "levels.csv"),
        ((out, "--files", page, "-y"), "a file"),
        ((out, "--report", page), "page.html"),
        ((out, "--report", full, "-y"), "a folder"),
    ):
        refused = run(pdb, *arguments).exception
        assert refused.code == "already-exists" and named in str(refused)
        assert not out.exists() and not list(tmp_path.glob("*.npz"))


def many(pdb, tmp_path, *options):
    """`fit --many` of a folder: (status, summary, rows of the table by entry, what was said)."""
    done = run("--many", tmp_path / "in", tmp_path / "out", "--jobs", "1", "--levels", "chain", *options, "--json")
    summary = json.loads(done.stdout)
    rows = {row["entry"]: row for row in pq.read_table(summary["table"]).to_pylist()}
    return done.exit_code, summary, rows, done.stderr


def test_many_structures_make_one_table_and_b_factors_can_be_said(pdb, tmp_path):
    """A good file, one with B = 0, one that asks what its B-factors are: it is answered, and the good one not asked."""
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(pdb, folder / "good.pdb")
    text = pdb.read_text().splitlines()
    (folder / "zero.pdb").write_text("\n".join([text[0][:60] + "  0.00" + text[0][66:], *text[1:]]) + "\n")
    (folder / "asks.pdb").write_text("REMARK   3   NUMBER OF TLS GROUPS  :    1\n" + pdb.read_text())
    status, summary, rows, _ = many(pdb, tmp_path, "--steps", "3")
    assert status == 1 and (summary["done"], summary["failed"], summary["kept"]) == (1, 2, 0)
    assert {n: r["code"] for n, r in rows.items()} == {
        "asks": "b-factors-unstated", "good": "", "zero": "b-factor-range",
    }  # fmt: skip
    assert polystate.open(tmp_path / "out" / "good.zarr.zip").validate().valid
    assert (rows["good"]["steps"], sum(json.loads(rows["good"]["shares"]).values())) == (3, pytest.approx(100))
    (folder / "zero.pdb").unlink()
    status, summary, rows, said = many(pdb, tmp_path, "--steps", "2", "--b-factors", "total")
    assert status == 0 and (summary["done"], summary["again"]) == (2, 1)
    assert {n: r["steps"] for n, r in rows.items()} == {"asks": 2, "good": 2}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--report", "page.html"), "--report: found --many as well"),
        (("--files", "folder"), "--files: found --many as well"),
        (("--workers", "-1"), "--workers: found -1"),
        (("--scheduler", "host"), "--scheduler: found host"),
        (("--b-factors", "both"), "--b-factors: found both"),
        (("--domains", "domains.yaml"), "domains.yaml#/levels: found no levels"),
        (("--failures", "x.txt"), "x.txt, expected a name that ends in"),
        (("more",), "found .* and more"),
    ],
)
def test_what_many_cannot_do_is_refused_by_name(pdb, tmp_path, monkeypatch, options, named):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "domains.yaml").write_text("levels: {}")
    refused = run("--many", tmp_path, tmp_path / "out", *options).exception
    assert re.search(named, str(refused)) and not (tmp_path / "out").exists()


def test_a_scheduler_is_for_many(pdb, tmp_path):
    assert "--many as well" in str(run(pdb, tmp_path / "out.zarr", "--scheduler", "tcp://x:1").exception)
