"""What is being done and how far it is: a bar where a terminal is attached, a line now and then elsewhere."""

from __future__ import annotations

import datetime
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

QUIET = "POLYSTATE_QUIET"  # a variable, which --quiet sets
FIRST, EVERY = 1.0, 15.0  # seconds until the first line, and between lines


@contextmanager
def progress(what: str, total: float | None = None) -> Iterator[Callable[[float], None]]:
    """Yield a function that is told how much more is done. total: None where nobody knows how much there is."""
    if os.environ.get(QUIET):
        yield lambda amount: None
    elif sys.stderr.isatty():
        with _bar(what, total) as advance:
            yield advance
    else:
        with _lines(what, total) as advance:
            yield advance


@contextmanager
def _bar(what: str, total: float | None) -> Iterator[Callable[[float], None]]:
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    from polystate_tools.commands.terminal import console

    class Rate(TextColumn):
        def render(self, task: Any) -> Text:
            return Text(f"{task.speed:.3g} a second," if task.speed else "")

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        *([Rate(""), TimeRemainingColumn()] if total else []),
    )
    with Progress(*columns, console=console(sys.stderr)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda amount: bar.advance(task, amount)


@contextmanager
def _lines(what: str, total: float | None) -> Iterator[Callable[[float], None]]:
    """Lines on standard error, from a thread of their own: also while the work says nothing."""
    done, over, begin = 0.0, threading.Event(), time.monotonic()

    def advance(amount: float) -> None:
        nonlocal done
        done += amount

    def tell() -> None:
        wait = FIRST
        while not over.wait(wait):
            print(f"{what}{_share(done, total, time.monotonic() - begin)}", file=sys.stderr, flush=True)
            wait = EVERY

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield advance
    finally:
        over.set()
        teller.join()


def _share(done: float, total: float | None, seconds: float) -> str:
    """How far it is, how fast it goes, and how long the rest takes at that."""
    if not total or not done:
        counted = f", {done:.0f} of {total:.0f}" if total else f", {done:.0f}" if done else ""
        return f"{counted}, {seconds:.0f} s"
    rate, left = done / seconds, datetime.timedelta(seconds=round((total - done) * seconds / done))
    return f", {done:.0f} of {total:.0f}, {seconds:.0f} s, {rate:.3g} a second, {left} left"


def of_total(advance: Callable[[float], None]) -> Callable[[float, float], None]:
    """The same for work that tells how much is done in all, and of how much."""
    before = 0.0

    def show(done: float, of: float) -> None:
        nonlocal before
        advance(done - before)
        before = done

    return show
