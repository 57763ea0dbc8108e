"""Write the pages of the site as Markdown: chapters, a page a sentence, a page an operator, cases, corpus, board, API.

    python tools/site/generate.py OUT [--reports REPORT.jsonl ...]

Sphinx makes HTML of them (`make site`). Tutorials are run while they are written: what they print is on the page."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import json
import os
import re
import shutil
import textwrap
from collections import defaultdict
from pathlib import Path
from typing import Any

from board import board

from polystate_conformance import paths
from polystate_conformance.suite import collection, sentences
from polystate_conformance.suite.case import Case
from polystate_schemas import lock
from polystate_schemas.registry import Entry, entries

HERE = Path(__file__).resolve().parent
SENTENCE = re.compile(r"^(?P<head>\s*(?:[-*+]|\d+[.)])?\s*)\[(?P<id>[A-Z][A-Z0-9]*-[0-9]+)\] ", re.M)
MENTION = re.compile(r"(?<![`\[\w/])\[(?P<id>[A-Z][A-Z0-9]*-[0-9]+)\](?![(\w])")
LINK, WORDS = re.compile(r"\[([^][]*)\]\([^)]*\)"), r"\1"
LONGEST = 6000  # characters of a case that are shown
MOST_CASES = 40  # on the page of an operator


FROZEN = lock.lock()


def main() -> None:
    """Write everything below OUT."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--reports", type=Path, nargs="*", default=[], help="reports of polystate score --jsonl")
    given = parser.parse_args()
    out = given.out
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    shutil.copyfile(HERE / "conf.py", out / "conf.py")
    write(out / "_static" / "site.css", "div.highlight-text pre, td code { white-space: pre-wrap; }\n")
    known = sentences.read()
    cases = collection.load_all()
    traces = sentences.trace(known, cases, sentences.read_untestable())
    _chapters(out, known)
    _sentences(out, traces, {case.id: case.title for case in cases})
    _cases(out, cases)
    _registry(out, cases)
    _corpus(out)
    ids = {case.id for case in cases}
    write(out / "board.md", board(given.reports, lambda id: case_link(id, "cases/") if id in ids else id))
    _api(out)
    _tutorials(out)
    write(out / "index.md", INDEX)
    print(f"{len(known)} sentences, {len(cases)} cases, {len(entries())} operators: {out}")


INDEX = """# Polystate

What the heterogeneity of a macromolecular structure means: a specification, a reference evaluator, a conformance suite
and tools.

```{toctree}
:maxdepth: 1
tutorials/index
spec/index
sentences/index
registry/index
cases/index
corpus
board
api
```
"""


def write(path: Path, text: str) -> None:
    """A page, in a folder that is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def toc(names: list[str], hidden: bool = False) -> str:
    """A table of contents."""
    return "\n```{toctree}\n:maxdepth: 1\n" + (":hidden:\n" if hidden else "") + "\n".join(names) + "\n```\n"


def _chapters(out: Path, known: dict[str, sentences.Sentence]) -> None:
    """The specification: an anchor at each sentence, which links to the page of the sentence."""

    def mention(match: re.Match[str]) -> str:
        id = match["id"]
        return f"[{id}](../sentences/{id}.md)" if id in known else match[0]

    anchored: set[str] = set()

    def start(match: re.Match[str]) -> str:
        id = match["id"]
        if id not in known or id in anchored:  # what is said of a sentence may begin with its id, too
            return match[0]
        anchored.add(id)
        return f"{match['head']}[{id}](../sentences/{id}.md){{#{id.lower()}}} "

    names = []
    for path in sorted(paths.SPEC.glob("[0-9]*.md")):
        text = MENTION.sub(mention, SENTENCE.sub(start, path.read_text("utf-8")))
        text = re.sub(r"\]\((\.\./)(?!sentences)[^)]*\)", "](../index.md)", text)  # files of the repository
        write(out / "spec" / path.name, text)
        names.append(path.stem)
    write(out / "spec" / "index.md", "# Specification\n" + toc(names))


def _sentences(out: Path, traces: dict[str, sentences.Trace], titles: dict[str, str]) -> None:
    """A page a sentence: its words, where it stands, which cases test it and which violate it.

    They are in no table of contents but their own page: one that stands beside every page would be in 600 of them."""
    rows = []
    for id, item in traces.items():
        s = item.sentence
        words = _from_sentence(s)
        chapter = f"../spec/{s.file}"
        lines = [
            "---",
            "orphan: true",
            "---",
            "",
            f"# {id}",
            "",
            f"> {words}",
            "",
            *_formula(s),
            f"{s.level.upper()}, in [{s.file}]({chapter}#{id.lower()}).",
            "",
        ]
        if item.untestable:
            lines += [f"Not tested: {item.untestable}", ""]
        for title, ids in (("Tested by", item.tests), ("Violated by", item.violates)):
            if ids:
                lines += [
                    f"## {title}",
                    "",
                    *(f"- {case_link(c)}: {short(titles.get(c, ''))}" for c in sorted(set(ids))[:200]),
                    "",
                ]
        write(out / "sentences" / f"{id}.md", "\n".join(lines))
        counts = f"{len(set(item.tests))} | {len(set(item.violates))}"
        rows.append(f"| [{id}]({id}.md) | {s.level} | {counts} | {short(LINK.sub(WORDS, s.text))} |")
    head = "# Sentences\n\n| id | level | tests | violations | words |\n| --- | --- | --- | --- | --- |\n"
    write(out / "sentences" / "index.md", head + "\n".join(rows) + "\n")


def _from_sentence(sentence: sentences.Sentence) -> str:
    """The words of a sentence, with links that lead from its own page: to chapters, and to headings of its chapter."""
    chapters = re.sub(r"\]\((?=[0-9]{2}-)", "](../spec/", sentence.text)
    return chapters.replace("](#", f"](../spec/{sentence.file}#")


def _formula(sentence: sentences.Sentence) -> list[str]:
    """Of a sentence that speaks of a formula: what is set off above it in its section."""
    if "formula" not in sentence.text:
        return []
    above = (paths.SPEC / sentence.file).read_text("utf-8").partition(f"[{sentence.id}] ")[0]
    section = re.split(r"^#.*$", above, flags=re.M)[-1]
    blocks = re.findall(r"(?:^ {4}.*\n(?:\n(?= {4}))?)+", section, re.M)
    return ["```text", textwrap.dedent("".join(blocks)).rstrip(), "```", ""] if blocks else []


def case_link(id: str, folder: str = "../cases/") -> str:
    """A link to a case on the page of its area; of a variant to its base."""
    area = id.partition(".")[0]
    base = id.partition("-")[0]
    return f"[{id}]({folder}{area}.md#{base.replace('.', '-')})"


def short(text: str, most: int = 110) -> str:
    """A sentence for a table."""
    return (text if len(text) <= most else text[: most - 1] + "…").replace("|", "\\|").replace("<", "&lt;")


def _cases(out: Path, cases: list[Case]) -> None:
    """A page an area: each case with what it asks, what it expects and where the expected numbers come from."""
    areas: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        if case.base is None:
            areas[case.area].append(case)
    for area, found in areas.items():
        parts = [f"# {area}", ""]
        for case in found:
            text = (case.folder / "case.yaml").read_text("utf-8")
            more = "" if len(text) <= LONGEST else f"\n# and {len(text) - LONGEST} more characters"
            tested = ", ".join(f"[{id}](../sentences/{id}.md)" for id in case.sentences)
            parts += [
                f"({case.id.replace('.', '-')})=", "", f"## {case.id}: {case.title}", "",
                f"{case.profile}, {case.kind}. Sentences: {tested or 'none'}", "",
                f"````yaml\n{text[:LONGEST]}{more}\n````", "",
            ]  # fmt: skip
        write(out / "cases" / f"{area}.md", "\n".join(parts))
    rows = "\n".join(f"| [{area}]({area}.md) | {len(found)} |" for area, found in sorted(areas.items()))
    head = "# Cases\n\n| area | cases |\n| --- | --- |\n"
    write(out / "cases" / "index.md", head + rows + "\n" + toc(sorted(areas), hidden=True))


def _registry(out: Path, cases: list[Case]) -> None:
    """A page an operator, with the cases whose deposition or request names it."""
    rows, used = [], defaultdict(list)
    for case in cases:
        if case.base is None:
            said = json.dumps([case.deposition, case.request], default=str)
            for id in entries():
                if f'"{id}"' in said:
                    used[id].append(case)
    for id, entry in entries().items():
        listed = [f"- {case_link(c.id)}: {short(c.title)}" for c in used[id][:MOST_CASES]]
        more = f"- and {len(used[id]) - MOST_CASES} more" if len(used[id]) > MOST_CASES else ""
        below = ["## Cases", "", *listed, more, ""] if listed else []
        text = _operator(entry) + "\n" + "\n".join(below)
        write(out / "registry" / f"{id.replace('/', '.')}.md", text)
        rows.append(f"| [{id}]({id.replace('/', '.')}.md) | {entry.document['algebra']} | {FROZEN.row(id).status} |")
    head = "# Operators\n\n| id | algebra | status |\n| --- | --- | --- |\n"
    names = [id.replace("/", ".") for id in entries()]
    write(out / "registry" / "index.md", head + "\n".join(rows) + "\n" + toc(names, hidden=True))


def _operator(entry: Entry) -> str:
    document, signature, row = entry.document, entry.document["signature"], FROZEN.row(entry.id)
    lines = [f"# {entry.id}", "", f"{document['algebra']}, {row.status}, since {row.since}.", "",
             "```text", document["formula"]["text"].rstrip(), "```", ""]  # fmt: skip
    for role in ("inputs", "outputs"):
        lines += [
            f"## {role.capitalize()}",
            "",
            "| name | type | shape | unit | what |",
            "| --- | --- | --- | --- | --- |",
        ]
        for item in signature[role]:
            shape = ", ".join(map(str, item["shape"]))
            what = item["description"].replace("|", "\\|").replace("\n", " ")
            lines.append(f"| `{item['name']}` | {item['dtype']} | ({shape}) | {item['unit']} | {what} |")
        lines.append("")
    if signature["parameters"]:
        lines += ["## Parameters", "", "| name | type | unit | default | what |", "| --- | --- | --- | --- | --- |"]
        for item in signature["parameters"]:
            default = document["defaults"]["parameters"].get(item["name"], "")
            what = item["description"].replace("|", "\\|").replace("\n", " ")
            lines.append(f"| `{item['name']}` | {item['type']} | {item['unit']} | {default} | {what} |")
        lines.append("")
    lines += [
        "## Pinned",
        "",
        f"- entry `{entry.hash}`",
        f"- {len(entry.vectors)} test vectors `{entry.vectors_hash}`",
        "",
    ]
    return "\n".join(lines)


def _corpus(out: Path) -> None:
    """The golden depositions."""
    recorded: dict[str, Any] = json.loads((paths.CORPUS / "manifest.json").read_text("utf-8"))
    rows = [
        f"| {name} | {short(row['title'])} | {row['bytes'] / 1000:.0f} kB | {row.get('citation', '')} "
        f"| `{row['digest'][:16]}` |"
        for name, row in recorded.items()
    ]
    head = "# Golden depositions\n\n`polystate corpus get NAME DIR` puts one into a folder.\n\n"
    columns = "| name | what it shows | size | from | digest |\n| --- | --- | --- | --- | --- |\n"
    write(out / "corpus.md", head + columns + "\n".join(rows) + "\n")


def _api(out: Path) -> None:
    """The reference of the Python interface, from its docstrings."""
    modules = (
        "polystate.deposition", "polystate.evaluation.rendering", "polystate.states.joint", "polystate.questions.sites",
        "polystate.numbers.philox", "polystate.store.writing", "polystate.errors",
    )  # fmt: skip
    parts = ["# Python interface", ""]
    for name in modules:
        parts += [f"## {name}", "", "```{eval-rst}", f".. automodule:: {name}", "   :members:", "```", ""]
    write(out / "api.md", "\n".join(parts))


def _tutorials(out: Path) -> None:
    """Tutorials with what their code prints, run in a folder with the examples."""
    names = []
    folder = out.parent / "tutorial"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in sorted((HERE / "tutorials").glob("*.md")):
        write(out / "tutorials" / path.name, _run(path.read_text("utf-8"), folder))
        names.append(path.stem)
    write(out / "tutorials" / "index.md", "# Tutorials\n" + toc(names))


def _run(text: str, folder: Path) -> str:
    """A tutorial with the output of each Python block below it; what fails there fails the build.

    torch is an extra that the site does not need: without it a tutorial that imports it is shown and not run."""
    from polystate_tools.commands.examples import put

    if "import torch" in text and importlib.util.find_spec("torch") is None:
        return text
    space: dict[str, Any] = {}
    before = Path.cwd()
    os.chdir(folder)
    try:
        for name, suffix in (("1ejg", ".cif"), ("6vxx-echt", ""), ("nested-loop", "")):
            put(name, Path("examples"), suffix, overwrite=True)

        def output(match: re.Match[str]) -> str:
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                exec(compile(match[1], "<tutorial>", "exec"), space)  # our own pages
            shown = f"\n\n```text\n{said.getvalue().rstrip()}\n```" if said.getvalue() else ""
            return match[0] + shown

        return re.sub(r"```python\n(.*?)```", output, text, flags=re.S)
    finally:
        os.chdir(before)


if __name__ == "__main__":
    main()
