"""The results as JUnit XML, one suite a profile, for services that show test results."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from polystate.store.outputs import replacing
from polystate_conformance.scoring.runner import Result

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _text(value: Any) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", str(value))


def write(path: Path, results: list[Result], name: str, overwrite: bool = False) -> None:
    """JUnit XML: failed cases as failures, unsupported ones as skipped."""
    root = ET.Element("testsuites", name=_text(f"polystate: {name}"))
    for profile in dict.fromkeys(result["profile"] for result in results):
        mine = [result for result in results if result["profile"] == profile]
        suite = ET.SubElement(
            root, "testsuite", name=profile, tests=str(len(mine)),
            failures=str(sum(r["outcome"] == "failed" for r in mine)),
            skipped=str(sum(r["outcome"] == "unsupported" for r in mine)),
            time=f"{sum(r.get('ms', 0.0) for r in mine) / 1000:.3f}",
        )  # fmt: skip
        for result in mine:
            case = ET.SubElement(
                suite, "testcase", classname=f"polystate.{profile}", name=_text(f"{result['case']} {result['title']}"),
                time=f"{result.get('ms', 0.0) / 1000:.3f}",
            )  # fmt: skip
            if result["outcome"] == "failed":
                ET.SubElement(case, "failure", message=_text(result["why"])[:500]).text = _text(result["why"])
            elif result["outcome"] == "unsupported":
                ET.SubElement(case, "skipped", message="profile not claimed")
            if result.get("stderr"):
                ET.SubElement(case, "system-err").text = _text(result["stderr"])
    with replacing(path, overwrite) as partial:
        ET.ElementTree(root).write(partial, encoding="utf-8", xml_declaration=True)
