"""TLS records with numbers that are missing or no numbers: refused by name, and what B contains is kept."""

from __future__ import annotations

import numpy as np
import pytest

from polystate.deposition import Deposition
from polystate.errors import PolystateError
from polystate_tools.echt.input import load
from polystate_tools.formats.exporting import ExportOptions, export_bytes
from polystate_tools.formats.importing import tree_of_records
from polystate_tools.formats.mmcif.reader import records_of_mmcif
from polystate_tools.formats.pdb.reader import records_of_pdb
from tests.tools.formats.tls_files import imported, tls_file

RESIDUAL = "U VALUES : RESIDUAL ONLY"
NAMES = ("T", "L", "S")


def two_groups(**changes: str) -> bytes:
    """A file with a usable group on 1 to 3 and a second on 4 to 5 in which texts are replaced."""
    one, two = (tls_file("REFMAC", RESIDUAL).decode().split("\n") for _ in range(2))
    start = next(k for k, line in enumerate(one) if "TLS GROUP : 1" in line)
    end = next(k for k, line in enumerate(one) if line.startswith("ATOM"))
    second = "\n".join(two[start:end]).replace("GROUP : 1", "GROUP : 2").replace("A     1        A     3", "A 4  A 5")
    for old, new in changes.items():
        second = second.replace(old, new)
    return "\n".join([*one[:end], second, *one[end:]]).encode()


def mmcif(**changes: str) -> bytes:
    """The same groups as mmCIF; `T11="?"` sets an element of the second group, `x="x"` its origin."""
    dep = Deposition(tree_of_records(records_of_pdb(two_groups()))[0])
    text = export_bytes(dep, "mmcif", ExportOptions(gaussian="records"))[0].decode()
    lines = text.split("\n")
    tags = [k for k, line in enumerate(lines) if line.startswith("_pdbx_refine_tls.")]
    row = lines[tags[-1] + 2].split()
    for name, value in changes.items():
        tag = f"{name[0]}[{name[1]}][{name[2]}]" if name[0] in NAMES else f"origin_{name}"
        row[next(k for k, tag_at in enumerate(tags) if lines[tag_at].endswith(tag))] = value
    lines[tags[-1] + 2] = " ".join(row)
    return "\n".join(lines).encode()


PDB_DAMAGE = [
    ("L11:   4.0000", "L11: *********", "L11 is *********"),
    ("T22:   0.2500", "T22:     NULL", "T22 is NULL"),
    ("S12:   0.1000", "S12:      abc", "S12 is missing"),
    ("S33:   0.2000", "S33: *********", "S33 is *********"),
    ("(A):   1.0000   2.0000   3.0000", "(A):     NULL     NULL     NULL", "the origin is NULL"),
    ("(A):   1.0000   2.0000   3.0000", "(A):   1.0000   2.0000", "the origin is 1.0000 2.0000"),
]


@pytest.mark.parametrize(("old", "new", "because"), PDB_DAMAGE)
def test_a_damaged_group_is_refused_by_name_and_element(old, new, because):
    dep, report = imported(two_groups(**{old: new}))
    assert dep.descriptors["tls"].label_names == ["1"]
    assert [w.where for w in report.warnings if w.code == "tls-unusable"] == [["TLS group 2"]]
    (loss,) = (loss for loss in report.losses if loss["what"].startswith("TLS"))
    assert loss["what"] == "TLS group 2" and loss["because"].startswith(because)
    assert dep.validate().valid


def test_only_s33_has_a_default():
    for missing in ("S33:     NULL", ""):
        tls = records_of_pdb(two_groups(**{"S33:   0.2000": missing})).tls
        assert tls.groups[1].S[8] == pytest.approx(-(0.5 - 0.1)) and not tls.unusable
    tls = records_of_mmcif(mmcif(S33="?")).tls
    assert tls.groups[1].S[8] == pytest.approx(-tls.groups[1].S[[0, 4]].sum())


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"T11": "?"}, "T11 is missing"),
        ({"T11": "abc"}, "T11 is abc"),
        ({"x": "?"}, "the origin is ? 2.0000 3.0000"),
        ({"x": "x"}, "the origin is x"),
        ({"S31": ".", "L12": "nan"}, "L12 is nan, S31 is missing"),
    ],
)
def test_damage_in_mmcif_is_refused_by_name(change, because):
    tls = records_of_mmcif(mmcif(**change)).tls
    assert [g.id for g in tls.groups] == ["1"]
    ((name, why),) = tls.unusable
    assert name == "2" and why.startswith(because)


def test_a_standard_uncertainty_is_cut_off():
    tls = records_of_mmcif(mmcif(T11="0.31(2)", x="1.5(1)")).tls
    assert tls.groups[1].T[0] == 0.31 and tls.groups[1].origin[0] == 1.5


@pytest.mark.parametrize(
    "content",
    [
        tls_file("REFMAC", RESIDUAL).replace(b"(A):   1.0000", b"(A):     NULL"),
        tls_file("REFMAC", RESIDUAL).replace(b"A     1        A     3", b"Q     1        Q     3"),
        b"\n".join(
            line
            for line in tls_file("REFMAC", RESIDUAL, groups=2).split(b"\n")
            if line[:4] == b"ATOM" or b"VALUES" in line or b"NUMBER OF TLS" in line
        ),
    ],
    ids=["no-origin", "no-atom", "no-group"],
)
def test_residual_b_factors_stay_residual_without_their_groups(content, tmp_path):
    dep, report = imported(content)
    assert "tls" not in dep.descriptors and dep.validate().valid
    assert dep.descriptors["iadp"].document["adp_content"] == "residual"
    assert report.adp["used"] == report.adp["declared"] == "residual"
    assert "residual-without-tls" in [w.code for w in report.warnings]
    for format, reader in (("mmcif", records_of_mmcif), ("pdb", records_of_pdb)):
        text, account = export_bytes(dep, format, ExportOptions(gaussian="records"))
        assert any(loss["what"] == "TLS part of the ADPs" for loss in account.losses)
        assert Deposition(tree_of_records(reader(text))[0]).digest() == dep.digest()
    (tmp_path / "x.pdb").write_bytes(content)
    with pytest.raises(PolystateError) as found:
        load(tmp_path / "x.pdb")
    assert found.value.code == "residual-without-tls"
    load(tmp_path / "x.pdb", b_factors="total")


def test_groups_that_are_announced_and_missing_are_listed():
    _, report = imported(tls_file("REFMAC", RESIDUAL, groups=3))
    assert [loss["what"] for loss in report.losses if loss["what"][:3] == "TLS"] == ["TLS group 2", "TLS group 3"]


def test_groups_without_a_word_on_b_ask_even_where_none_can_be_used():
    content = tls_file("REFMAC").replace(b"(A):   1.0000", b"(A):     NULL")
    with pytest.raises(PolystateError) as found:
        imported(content)
    assert found.value.code == "b-factors-unstated"
    dep, _ = imported(content, b_factors="total")
    assert dep.descriptors["iadp"].document["adp_content"] == "total"


def test_coordinates_of_an_origin_may_touch():
    content = tls_file("REFMAC").replace(b"   1.0000   2.0000   3.0000", b"-100.0000-200.0000   3.0000")
    assert np.array_equal(records_of_pdb(content).tls.groups[0].origin, [-100, -200, 3])
