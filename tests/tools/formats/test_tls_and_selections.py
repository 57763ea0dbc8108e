"""TLS records of three programs, their selections, and what B-factors contain."""

from __future__ import annotations

import numpy as np
import pytest

from polystate.deposition import Deposition
from polystate.errors import PolystateError
from polystate.numbers.tensors import six_components
from polystate_tools.formats.exporting import ExportOptions, export_bytes
from polystate_tools.formats.importing import tree_of_records
from polystate_tools.formats.mmcif.reader import records_of_mmcif
from polystate_tools.formats.pdb.reader import records_of_pdb
from polystate_tools.formats.records.records import Records
from polystate_tools.formats.tls.records import declared_content
from polystate_tools.formats.tls.selections import selected, with_chains_renamed
from tests.tools.formats.tls_files import SELECTIONS, L, S, T, imported, tls_file


@pytest.mark.parametrize("program", SELECTIONS)
def test_groups_of_each_program_are_parsed(program):
    records = records_of_pdb(tls_file(program))
    assert records.tls is not None and records.tls.program.startswith(program)
    group = records.tls.groups[0]
    assert np.allclose(group.T, T) and np.allclose(group.L, L) and np.allclose(group.S, S)
    assert selected(records, group.selection).tolist() == [True] * 3 + [False] * 2


def test_degrees_become_radians_and_the_trace_of_s_goes():
    dep, _ = imported(tls_file("REFMAC"), b_factors="residual")
    row = np.asarray(dep.descriptors["tls"].array("tls"))[0]
    amplitude = row[20]
    assert np.allclose(row[:6] * amplitude, T)
    assert np.allclose(row[6:12] * amplitude, np.array(L) * (np.pi / 180) ** 2)
    s = np.array(S)
    s[[0, 4, 8]] -= 0.2
    assert np.allclose(row[12:20] * amplitude, s[:8] * np.pi / 180)
    u = dep.covariance(levels=["tls"])[:3]
    assert amplitude == pytest.approx(np.trace(u, axis1=1, axis2=2).mean() / 3)


@pytest.mark.parametrize(
    ("header", "content"),
    [
        ("U VALUES : RESIDUAL ONLY", "residual"),
        ("U VALUES      : WITH TLS ADDED", "total"),
        ("ATOM RECORD CONTAINS RESIDUAL B FACTORS ONLY", "residual"),
        ("ATOM RECORD CONTAINS SUM OF TLS AND RESIDUAL B FACTORS", "total"),
        ("", "unknown"),
    ],
)
def test_headers_are_read(header, content):
    assert declared_content(header)[0] == content
    assert records_of_pdb(tls_file("REFMAC", header)).tls.adp_content == content


def test_without_a_word_the_import_asks():
    with pytest.raises(PolystateError) as found:
        imported(tls_file("PHENIX"))
    assert found.value.code == "b-factors-unstated" and "--b-factors" in found.value.expected


def test_total_is_counted_once_and_residual_is_added():
    total, _ = imported(tls_file("REFMAC"), b_factors="total")
    residual, _ = imported(tls_file("REFMAC"), b_factors="residual")
    trace = {
        name: 8 * np.pi**2 / 3 * np.trace(dep.covariance(), axis1=1, axis2=2)
        for name, dep in (("total", total), ("residual", residual))
    }
    tls = 8 * np.pi**2 / 3 * np.trace(residual.covariance(levels=["tls"]), axis1=1, axis2=2)
    assert np.allclose(trace["total"], 60.0, atol=1e-6)
    assert np.allclose(trace["residual"], 60.0 + tls, atol=1e-6)
    assert total.validate().valid and residual.validate().valid


@pytest.mark.parametrize("content", ["total", "residual"])
@pytest.mark.parametrize("program", SELECTIONS)
def test_records_come_back_as_they_were(program, content):
    dep, _ = imported(tls_file(program), b_factors=content)
    text = export_bytes(dep, "mmcif", ExportOptions(gaussian="records"))[0].decode()
    again = Deposition(tree_of_records(records_of_mmcif(text.encode()))[0])  # the header now says what B contains
    assert again.digest() == dep.digest()
    text = export_bytes(dep, "pdb", ExportOptions(gaussian="records"))[0].decode()
    records = records_of_pdb(text.encode())
    assert records.tls.adp_content == content and np.allclose(records.b, 60.0)


def test_policies_say_what_they_are():
    dep, _ = imported(tls_file("REFMAC"), b_factors="residual")
    u = six_components(dep.covariance())
    text = export_bytes(dep, "mmcif", ExportOptions())[0].decode()
    assert "_polystate_export.gaussian_policy" in text and "marginal" in text
    marginal = records_of_mmcif(text.encode())
    assert marginal.tls is None and np.abs(marginal.u[:3] - u[:3]).max() < 1e-7
    assert np.allclose(marginal.b, 8 * np.pi**2 / 3 * u[:, :3].sum(axis=1), atol=1e-6)
    assert marginal.has_u.tolist() == [True] * 3 + [False] * 2
    atomic = records_of_mmcif(export_bytes(dep, "mmcif", ExportOptions(gaussian="atomic-only"))[0])
    assert np.allclose(atomic.b, 60.0) and not atomic.has_u.any()
    with pytest.raises(PolystateError) as found:
        export_bytes(dep, "mmcif", ExportOptions(gaussian="refuse"))
    assert found.value.code == "cannot-hold"


def test_a_selection_that_names_nothing_is_told_and_left_out():
    content = tls_file("REFMAC", "U VALUES : WITH TLS ADDED").replace(
        b"A     1        A     3", b"Q     1        Q     3"
    )
    dep, report = imported(content)
    assert "tls" not in dep.descriptors
    assert [w.code for w in report.warnings] == ["tls-empty-selection"]


def test_a_group_without_amplitude_is_refused_or_kept():
    content = tls_file("REFMAC").replace(b"T11:   0.3000 T22:   0.2500", b"T11:  -9.3000 T22:  -9.2500")
    with pytest.raises(PolystateError) as found:
        imported(content, b_factors="residual")
    assert found.value.code == "tls-not-positive" and "--tls keep" in found.value.expected
    dep, report = imported(content, b_factors="residual", tls="keep")
    assert dep.descriptors["tls"].document["normalised"] is False and dep.validate().valid
    assert [w.code for w in report.warnings] == ["tls-not-normalised"]


RECORDS = Records.of(
    xyz=np.zeros((6, 3)),
    auth_asym=list("AAABBW"),
    auth_seq=[-3, 5, 5, 5, 9, 5],
    ins=["", "", "B", "", "", ""],
    comp=["MET", "SER", "SER", "ATP", "GLY", "HOH"],
    name=["CA", "CB", "CA", "PG", "N", "O"],
    element=[6, 6, 6, 15, 7, 8],
)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("A -3 - A 5", [0, 1, 2]),
        ("A 5 - A 5B; B 9 - B 9", [1, 2, 4]),
        ("all", [0, 1, 2, 3, 4, 5]),
        ("chain 'A' and (resid -3 through 5 )", [0, 1, 2]),
        ("(CHAIN A AND RESSEQ 5:9) OR CHAIN W", [1, 2, 5]),
        ("chain B and not resname ATP", [4]),
        ("resseq 5 and name CA", [2]),
        ("resid 5B", [2]),
        ("element P or water", [3, 5]),
        ("{A|* B|9}", [0, 1, 2, 4]),
        ("{ A|1 - 6 }", [1, 2]),
        ("name C*", [0, 1, 2]),
        ("resseq 5:", [1, 2, 3, 4, 5]),
        ("name ' CA '", [0, 2]),
        ("chain ' B' and resname ' ATP'", [3]),
        ('not name " CA "', [1, 3, 4, 5]),
        ("{ A|5 - A|6 }", [1, 2]),
    ],
)
def test_selections(text, rows):
    assert np.flatnonzero(selected(RECORDS, text)).tolist() == rows


@pytest.mark.parametrize(
    "text",
    [
        "",
        "chain",
        "chain A and",
        "within 5 of chain A",
        "(chain A",
        "A 1 - B 9",
        "1 - A 9",
        "{A|x}",
        "{ A|1 - B|2 }",
        "segid A",
        "A 1 - A x",
    ],
)
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(PolystateError) as found:
        selected(RECORDS, text)
    assert found.value.code == "tls-selection"


def test_a_range_without_chains_is_of_the_chain_of_no_name():
    records = Records.of(xyz=np.zeros((3, 3)), auth_asym=["", "", "A"], auth_seq=[1, 2, 1])
    assert selected(records, "1 - 2").tolist() == [True, True, False]
    assert selected(records, "chain ' '").tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("AAA 1 - AAA 3; B 2 - B 5A", "A 1 - A 3; B 2 - B 5A"),
        ("{ AAA|1 - AAA|3 B|* }", "{ A|1 - A|3 B|* }"),
        ("chain AAA and (resid 1:2 or chain 'B')", "chain A and (resid 1:2 or chain 'B')"),
        ("chain A* or name AAA", "(chain A or chain C) or name AAA"),
        ("chain Q*", "chain Q*"),
    ],
)
def test_chains_are_renamed_in_selections(text, renamed):
    assert with_chains_renamed(text, {"AAA": "A", "ABC": "C"}, ["AAA", "ABC", "B"]) == renamed
