"""The same work on several inputs: what fails does not stop the rest, and is named with its reason at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import typer


def each(sources: Sequence[str], work: Callable[[str], bool | None]) -> None:
    """Do the work on every source. Of one alone a refusal is raised as it is.

    work: gives False where it was done and the outcome is not good. Exit status 1 where anything failed or is not
    good."""
    from polystate.errors import PolystateError

    if len(sources) == 1:
        if work(sources[0]) is False:
            raise typer.Exit(1)
        return
    failed, bad = [], 0
    for source in sources:
        try:
            bad += work(source) is False
        except (PolystateError, OSError) as error:
            why = " ".join(str(error).split())
            failed.append(why if why.startswith(source) else f"{source}: {why}")
    for line in failed:
        typer.echo(f"failed: {line}", err=True)
    if failed or bad:
        parts = [f"{len(sources) - len(failed) - bad} good", f"{bad} not good" if bad else "", f"{len(failed)} failed"]
        typer.echo(f"{len(sources)} inputs: {', '.join(filter(None, parts))}", err=True)
        raise typer.Exit(1)
