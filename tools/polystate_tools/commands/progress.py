"""A progress bar where a terminal is attached, silence elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(what: str, total: float) -> Iterator[Callable[[float], None]]:
    """Yield a function that is told how much more is done."""
    if not sys.stderr.isatty():
        yield lambda amount: None
        return
    from rich.progress import Progress

    from polystate_tools.commands.terminal import console

    with Progress(console=console(sys.stderr)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda amount: bar.advance(task, amount)


def of_total(advance: Callable[[float], None]) -> Callable[[float, float], None]:
    """The same for work that tells how much is done in all, and of how much."""
    before = 0.0

    def show(done: float, of: float) -> None:
        nonlocal before
        advance(done - before)
        before = done

    return show
