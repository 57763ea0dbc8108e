"""What the mutants that live mean: reasons why no case can kill them, and the page of the last run."""

from __future__ import annotations

from collections.abc import Iterable

from polystate_conformance import paths
from polystate_conformance.selftest.mutant import Mutant
from polystate_schemas import yaml12

PAGE = paths.CONFORMANCE / "MUTANTS.md"
REASONS = paths.FAULTS / "explained-mutants.yaml"


def reasons() -> dict[str, str]:
    """Why no case can kill a mutant, by its key; of a function of which none can be killed, by "name: *"."""
    found: dict[str, str] = {}
    for group in yaml12.load(REASONS.read_text("utf-8")):
        for key in group["mutants"]:
            if key in found:
                raise ValueError(f"{REASONS.name}: a mutant has two reasons: {key}")
            found[key] = group["why"]
    return found


def why(mutant: Mutant, reasons: dict[str, str]) -> str | None:
    """The reason why no case can kill a mutant."""
    return reasons.get(mutant.key) or reasons.get(f"{mutant.name}: *")


def stale(reasons: dict[str, str], found: Iterable[Mutant], modules: set[str]) -> list[str]:
    """Reasons about some modules that name no mutant, or one that a case kills."""
    by_key = {mutant.key: mutant for mutant in found}
    whole = {f"{mutant.name}: *" for mutant in by_key.values()}
    result = []
    for key in reasons:
        if key.partition(":")[0] not in modules or key in whole:
            continue
        if key not in by_key:
            result.append(f"no such mutant: {key}")
        elif by_key[key].killed_by is not None:
            result.append(f"killed by {by_key[key].killed_by}: {key}")
    return result


_ABOUT = {
    False: ("reference", "make mutants"),
    True: ("importers and exporters", "make mutants ROOMS=polystate_tools.formats"),
}


def page(found: list[Mutant], reasons: dict[str, str], part: int = 0, parts: int = 1) -> str:
    """The page of a run: a row a module, every survivor without a reason, and the functions that no case runs."""
    run = [mutant for mutant in found if mutant.cases]
    open_ones = [mutant for mutant in run if mutant.killed_by is None and why(mutant, reasons) is None]
    rows = [_row(name, [mutant for mutant in found if mutant.module == name], reasons)
            for name in dict.fromkeys(mutant.module for mutant in found)]  # fmt: skip
    killed = sum(mutant.killed_by is not None for mutant in run)
    which = "" if parts == 1 else f" Of {parts} parts of the mutants part {part} was run (`--part {part}/{parts}`)."
    idle_functions = sorted({mutant.name for mutant in found} - {mutant.name for mutant in run})
    subject, command = _ABOUT[any(mutant.module.startswith("polystate_tools.") for mutant in found)]
    lines = [
        f"# Mutants of the {subject}", "",
        f"Written by `{command}`.{which} `faults/explained-mutants.yaml` says of some why no case can kill"
        " them; what the other survivors mean is decided by reading them.", "",
        f"{killed} of the {len(run)} mutants that a case runs are killed ({_share(killed, run)}),"
        f" {len(run) - killed - len(open_ones)} more are explained"
        f" (together {_share(len(run) - len(open_ones), run)});"
        f" {len(found) - len(run)} stand on lines that no case runs.", "",
        "| module | run | killed | explained | score | not run |", "| --- | --- | --- | --- | --- | --- |",
        *rows, "", "## Survivors", "",
        "| function | line | stood there | stands there | in | cases put to it |",
        "| --- | --- | --- | --- | --- | --- |",
        *(f"| {item.name} | {item.line} | {_cell(item.change.old)} | {_cell(item.change.new)} |"
          f" {_cell(item.change.statement)} | {item.cases} |" for item in open_ones), "",
        "## Functions that no case runs", "",
        "They serve people or programs beside the adapter, or are never reached.", "",
        *(f"- {name}" for name in idle_functions),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _row(name: str, mine: list[Mutant], reasons: dict[str, str]) -> str:
    run = [mutant for mutant in mine if mutant.cases]
    killed = sum(mutant.killed_by is not None for mutant in run)
    explained = sum(mutant.killed_by is None and why(mutant, reasons) is not None for mutant in run)
    return (
        f"| {name} | {len(run)} | {killed} | {explained} | {_share(killed + explained, run)} | {len(mine) - len(run)} |"
    )


def _share(count: int, run: list[Mutant]) -> str:
    return f"{count / max(1, len(run)):.1%}"


def _cell(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"
