"""The only place where answers meet expectations: numbers by tolerance, everything else exactly."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from polystate_conformance import protocol
from polystate_conformance.suite import case as cases

SYMMETRIC = ("covariance", "covariance_by_level")
"""Outputs of evaluations and draws whose matrices equal their transposes, beside what each number is compared with."""

MAX_CODES_NAMED = 3
"""A rejection that names more different codes than this names none: it guesses."""


def verdict(case: cases.Case, answer: dict[str, Any], out_dir: Path) -> dict[str, Any]:
    """The result of one answered case: outcome passed | failed | unsupported, and why.

    A negative case carries `named`: which of stage, code and where agree (scored on their own).
    """
    if "error" in answer:
        return {"outcome": "failed", "why": f"error: {answer['error']['message'][:500]}"}
    findings = rejection(answer)
    if case.negative:
        if findings is None:
            return {
                "outcome": "failed",
                "why": f"accepted; expected {_said(case.expect['reject'])}",
                "accepted": True,
            }
        return {"outcome": "passed", "accepted": False, "named": named(case.expect["reject"], findings),
                "found": _said(findings[0]) if findings else "invalid, without an error"}  # fmt: skip
    if findings is not None:
        said = "; ".join(_said(finding) for finding in findings[:3]) or "invalid, without an error"
        return {"outcome": "failed", "why": f"rejected: {said}", "accepted": False}
    differences, used = _differences(case, answer["ok"], out_dir)
    if differences:
        return {"outcome": "failed", "why": "; ".join(item["why"] for item in differences), "accepted": True,
                "differences": differences}  # fmt: skip
    return {"outcome": "passed", "accepted": True, **({"tolerance_used": used} if used is not None else {})}


def rejection(answer: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The findings of an answer that refuses (rejected, or valid: false), None if it does not."""
    if "rejected" in answer:
        return [answer["rejected"]]
    if answer.get("ok", {}).get("valid") is False:
        return answer["ok"].get("errors", [])
    return None


def named(want: dict[str, Any], findings: list[dict[str, Any]]) -> dict[str, bool]:
    """Whether stage, code and where of the expected rejection, or of another that is true as well, were reported."""
    if len({finding["code"] for finding in findings}) > MAX_CODES_NAMED:
        findings = []
    answers = [_agrees(item, findings) for item in (want, *want.get("or", ()))]
    return max(answers, key=lambda answer: sum(answer.values()))


def _agrees(want: dict[str, Any], findings: list[dict[str, Any]]) -> dict[str, bool]:
    stages = [item for item in findings if item["stage"] == want["stage"]]
    codes = [item for item in findings if item["code"] == want["code"]]
    named = {"stage": bool(stages), "code": bool(codes)}
    if "where" in want:
        named["where"] = any(same_place(want["where"], item["where"]) for item in codes)
    return named


def same_place(want: str, found: str) -> bool:
    """Whether a place is the node named, something in it, or the group that holds it ([ERR-6]); indices are free."""
    node = re.split(r"[\[#]", want)[0].rstrip("/")
    group = node.rpartition("/")[0]
    return any(place and re.match(re.escape(place) + r"($|[/\[#.])", found) for place in (node, group)) or not node


def _said(finding: dict[str, Any]) -> str:
    place = f" at {finding['where']}" if finding.get("where") else ""
    return f"{finding['stage']}/{finding['code']}{place}"


def _differences(case: cases.Case, ok: dict[str, Any], out_dir: Path) -> tuple[list[dict[str, Any]], float | None]:
    """What differs, and the largest share of a tolerance that the numbers use up."""
    found: list[dict[str, Any]] = []
    shares: list[float] = []
    for output, want in case.expect.items():
        if output not in ok:
            difference: dict[str, Any] | None = {"why": "missing from the answer"}
        elif output == "store":
            difference = _store_difference(case, want, ok[output], out_dir)
        elif isinstance(want, dict) and ("value" in want or "file" in want):
            difference = _array_difference(case, output, want, ok[output], out_dir, shares)
        else:
            difference = _text_difference(output, want, ok[output])
        if difference is not None:
            found.append({"output": output, **difference, "why": f"{output}: {difference['why']}"})
    if case.kind == "decode":  # of a file, a field that it lacks is not in the answer
        found += [
            {"output": name, "why": f"{name}: in the answer, and not in the file"}
            for name in case.request["outputs"] if name in ok and name not in case.expect
        ]  # fmt: skip
    return found, max(shares, default=None)


def _text_difference(output: str, want: Any, got: Any) -> dict[str, Any] | None:
    if output == "warnings":
        got_codes = sorted((item["stage"], item["code"]) for item in got)
        want_codes = sorted((item["stage"], item["code"]) for item in want)
        return None if got_codes == want_codes else {"why": f"expected {want_codes}, found {got_codes}"}
    if type(want) is type(got) and want == got:
        return None
    return {"why": f"expected {_short(want)}, found {_short(got)}"}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:200] + "..."


def _store_difference(
    case: cases.Case, want: dict[str, Any], got: dict[str, Any], out_dir: Path
) -> dict[str, Any] | None:
    """A store that was written: its container, its digest, taken by our own reader, and how it is encoded."""
    path = inside(out_dir, got["file"])
    if path is None:
        return {"why": f"no such file in out_dir: {got['file']!r}"}
    container, found = case.message.get("container", case.container), "directory" if path.is_dir() else "zip"
    if case.kind == "round_trip" and container != found:
        return {"why": f"expected a {container}, found a {found}"}
    try:
        from polystate_conformance.scoring import written  # which needs zarr and pyarrow
        from polystate_conformance.scoring.digest import digest

        found, fault = digest(path, full=want.get("full", False)), written.fault(path)
    except Exception as error:
        return {"why": f"the store that was written cannot be read: {type(error).__name__}: {str(error)[:200]}"}
    if fault is not None:
        return {"why": fault}
    if found != want["digest"]:
        return {"why": f"expected digest {want['digest']}, found {found}"}
    lost = set(want["keeps"]) - written.names(path) if "keeps" in want else ()
    return {"why": f"not in the store that was written: {', '.join(sorted(lost))}"} if lost else None


def inside(out_dir: Path, name: str) -> Path | None:
    """The file that an answer names, if it exists and lies in out_dir."""
    path = (out_dir / name).resolve()
    return path if path.is_relative_to(out_dir.resolve()) and path.exists() else None


def _array_difference(
    case: cases.Case, output: str, want: dict[str, Any], got: Any, out_dir: Path, shares: list[float]
) -> dict[str, Any] | None:
    expected = case.expected_array(output)
    dtype = want.get("dtype") or protocol.NUMERIC_OUTPUTS.get(output) or expected.dtype.name
    if not isinstance(got, dict) or "file" not in got:
        return {"why": "expected an array file"}
    path = inside(out_dir, got["file"])
    if path is None:
        return {"why": f"no such file in out_dir: {got['file']!r}"}
    try:
        found = np.load(path, allow_pickle=False)
    except Exception as error:
        return {"why": f"not a NumPy array file: {str(error)[:200]}"}
    tolerances = want.get("abs", 0.0), want.get("rel", 0.0)
    difference = array_difference(expected, found, dtype, *tolerances, want.get("ignore", ()))
    if difference is None and case.kind in ("evaluate", "draw") and output in SYMMETRIC:
        difference = asymmetry(found)
    if difference is None and any(tolerances):
        shares.append(tolerance_used(expected, found, *tolerances, want.get("ignore", ())))
    return difference


def asymmetry(found: np.ndarray) -> dict[str, Any] | None:
    """None where each matrix (..., 3, 3) is exactly its transpose, whatever the tolerance ([COV-3])."""
    apart = np.argwhere(found != np.swapaxes(found, -1, -2))
    return {"why": f"not exactly symmetric at {apart[0].tolist()}", "place": apart[0].tolist()} if len(apart) else None


def tolerance_used(expected: np.ndarray, found: np.ndarray, abs_tol: float, rel_tol: float, ignore: Any = ()) -> float:
    """The largest |found - expected| / (abs + rel |expected|) of finite numbers, 0 where they are equal."""
    size, limit = np.abs(found - expected), abs_tol + rel_tol * np.abs(expected)
    share = np.where(found == expected, 0.0, size / np.where(limit > 0, limit, 1.0))
    share[list(ignore)] = 0.0
    return float(np.nan_to_num(share).max(initial=0.0))


def array_difference(
    expected: np.ndarray, found: np.ndarray, dtype: str, abs_tol: float, rel_tol: float, ignore: Any = ()
) -> dict[str, Any] | None:
    """None if |found - expected| <= abs + rel |expected| everywhere, else the largest difference and its place.

    A wrong dtype or shape is a difference; so is NaN where a number is due. NaN equals NaN, an infinity only itself.
    """
    if dtype == "bool" and found.dtype == np.uint8 and np.isin(found, (0, 1)).all():
        found = found.astype(bool)
    if found.dtype.name != dtype:
        return {"why": f"expected dtype {dtype}, found {found.dtype.name}"}
    if found.shape != expected.shape:
        return {"why": f"expected shape {list(expected.shape)}, found {list(found.shape)}"}
    kept = np.ones(expected.shape, bool)
    if len(ignore):
        kept[list(ignore)] = False
    if dtype == "bool" or np.issubdtype(found.dtype, np.integer):
        excess = (expected != found) & kept
        size = np.abs(expected.astype(object) - found.astype(object)).astype(float) if excess.any() else excess
    else:
        with np.errstate(invalid="ignore", over="ignore"):
            size = np.abs(found.astype(np.float64) - expected)
            close = (size <= abs_tol + rel_tol * np.abs(expected)) & np.isfinite(expected)
        excess = ~(close | (found == expected) | (np.isnan(found) & np.isnan(expected))) & kept
    if not excess.any():
        return None
    where = np.unravel_index(np.argmax(np.where(excess, np.nan_to_num(size, nan=np.inf), -1.0)), expected.shape)
    place = [int(index) for index in where]
    largest = float(size[where])
    said = f"{largest:.3g}" if np.isfinite(largest) else "not finite"
    allowed = f"beyond the tolerance {abs_tol:g} + {rel_tol:g}·|expected|" if abs_tol or rel_tol else "not exactly so"
    return {
        "why": f"largest difference {said} at {place}: expected {expected[where]!s}, found {found[where]!s}"
        f" ({int(excess.sum())} of {excess.size} {allowed})",
        "difference": largest if np.isfinite(largest) else None,
        "place": place,
    }
