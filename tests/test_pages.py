"""The pages that lead through the repository name what is there: every path on them exists, every room has its row."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from polystate_conformance.paths import CORPUS, ROOT

PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "reference/README.md",
    "schemas/README.md",
    "tools/README.md",
    "tools/polystate_tools/README.md",
    "conformance/README.md",
    "spec/README.md",
)
ROOMS = {
    "reference/README.md": "reference/polystate",
    "schemas/README.md": "schemas/polystate_schemas",
    "tools/README.md": "tools",
    "tools/polystate_tools/README.md": "tools/polystate_tools",
    "conformance/README.md": "conformance",
}
"""Page to the folder whose folders it has to name."""

_LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"(?:[\w.-]+/)+(?:[\w.-]+\.(?:py|mjs|cpp|md|jsonl?|yaml|sh|css|js|csv))?|[\w.-]+\.py")


def links(text: str) -> list[str]:
    """Targets of the links of a page that are files."""
    return _LINK.findall(text)


def paths(text: str) -> list[str]:
    """What stands in code and looks like a folder or a file of the repository: `rules/`, `rules/axes.py`, `axes.py`."""
    return [code for code in _CODE.findall(text) if _PATH.fullmatch(code)]


def missing(page: str) -> list[str]:
    """The links and paths of a page that lead nowhere; paths count from the page, its room or the root."""
    text = re.sub(r"^```.*?^```$", "", (ROOT / page).read_text("utf-8"), flags=re.S | re.M)
    here = (ROOT / page).parent
    starts = [here, ROOT, ROOT / ROOMS.get(page, ".")]
    found = [link for link in links(text) if not (here / link).exists()]
    return found + [path for path in paths(text) if not any(_holds(start, path) for start in starts)]


def _holds(start: Path, path: str) -> bool:
    """Whether a path, or below a room a file by its bare name, is in a folder."""
    return (start / path).exists() or ("/" not in path and start != ROOT and any(start.rglob(path)))


@pytest.mark.parametrize("page", PAGES)
def test_everything_named_is_there(page: str) -> None:
    assert missing(page) == []


@pytest.mark.parametrize("page, room", ROOMS.items())
def test_every_room_and_module_is_named(page: str, room: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    children = sorted((ROOT / room).iterdir())
    named = [f"{child.name}/" for child in children if _is_room(child)]
    named += [child.name for child in children if child.suffix == ".py" and not child.name.startswith("__")]
    assert [name for name in named if name not in text] == []


def _is_room(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(("_", ".")) and any(path.rglob("*.*"))


def test_a_wrong_path_is_seen() -> None:
    text = "see [x](no/such.md) and `rules/nothing.py`, `nowhere/`, but not `polystate score` or `a/b`"
    assert links(text) == ["no/such.md"]
    assert paths(text) == ["rules/nothing.py", "nowhere/"]


def test_the_python_of_the_readme_runs() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    block = next(found for found in re.findall(r"^```python\n(.*?)^```$", text, flags=re.S | re.M) if "open(" in found)
    names: dict[str, Any] = {}
    exec(block.replace("examples/", f"{CORPUS}/"), names)
    assert names["snap"].xyz.shape == (names["dep"].n_atoms, 3)
