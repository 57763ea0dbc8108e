"""Who does the work: processes of this machine, or those of a Dask cluster; results as they come, none lost.

A worker that dies takes no other entry with it. What it had under way is done again, one entry at a time where the
machine cannot say which of them it was; one that kills workers three times is given up."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import Any, Protocol, TypeVar

from polystate.errors import BadRequest
from polystate_tools.archive.outcomes import Failure, failure

T = TypeVar("T")
TRIES = 3
AHEAD = 2  # tasks under way for each worker: one that it does, one that waits for it
LOST = Failure("worker-lost", f"the worker died {TRIES} times", "fewer workers, or more memory: most run out of it")
Result = tuple[T, Any, Failure | None]
"""What was worked on, what came out, or why nothing did."""


class Workers(Protocol):
    """Who does tasks."""

    def results(self, work: Callable[[T], Any], tasks: Iterable[T]) -> Iterator[Result[T]]:
        """What `work` makes of each task, in the order in which they get ready; tasks are asked for as they are due."""
        ...


def workers(jobs: int = 0, scheduler: str | None = None) -> AbstractContextManager[Workers]:
    """Processes of this machine (jobs: how many, by default one a core), or the workers of a Dask scheduler.

    scheduler: its address, such as tcp://host:8786; the workers see the same files as this process."""
    if scheduler is None:
        if jobs < 0:
            raise BadRequest("--jobs", jobs, "0 or more")
        return local(jobs or _cores())
    if not re.fullmatch(r"[a-z+]+://\S+:\d+", scheduler):
        raise BadRequest("--scheduler", scheduler, "an address such as tcp://host:8786")
    return cluster(scheduler)


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def local(jobs: int) -> Iterator[Workers]:
    """So many processes of this machine."""
    found = _Local(jobs)
    try:
        yield found
    finally:
        found.close()


@contextmanager
def cluster(address: str) -> Iterator[Workers]:
    """The workers of a Dask scheduler."""
    from distributed import Client

    try:
        client = Client(address, timeout=30, set_as_default=False)
    except OSError as error:
        raise BadRequest("--scheduler", f"{address}: {error}", "the address of a scheduler that runs") from error
    with client:
        yield _Cluster(client)


class _Cluster:
    def __init__(self, client: Any) -> None:
        self._client = client

    def results(self, work: Callable[[T], Any], tasks: Iterable[T]) -> Iterator[Result[T]]:
        with self._client.get_executor(pure=False, retries=TRIES) as pool:
            cores = max(1, sum(self._client.nthreads().values()))
            for task, future in _completed(pool, work, iter(tasks), AHEAD * cores):
                lost = not future.cancelled() and type(future.exception()).__name__ == "KilledWorker"
                yield (task, None, LOST) if lost else _result(task, future)


class _Local:
    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._pool: ProcessPoolExecutor | None = None

    def results(self, work: Callable[[T], Any], tasks: Iterable[T]) -> Iterator[Result[T]]:
        waiting = iter(tasks)
        while True:
            suspects = []
            for task, future in _completed(self._started(), work, waiting, AHEAD * self.jobs):
                if isinstance(future.exception(), BrokenProcessPool):
                    suspects.append(task)
                else:
                    yield _result(task, future)
            if not suspects:
                return
            for task in suspects:
                yield self._alone(work, task)

    def _alone(self, work: Callable[[T], Any], task: T) -> Result[T]:
        """One task with all workers to itself: if one dies now, it is this task that kills."""
        for _ in range(TRIES - 1):
            self.close()
            future = self._started().submit(work, task)
            if not isinstance(future.exception(), BrokenProcessPool):
                return _result(task, future)
        self.close()
        return task, None, LOST

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
            self._pool = ProcessPoolExecutor(self.jobs, mp_context=context, initializer=_leave_with_parent)
            if self._pool.submit(os.getpid).exception() is not None:  # who calls from a script is imported by it
                found, expected = "processes that end as they start", "a script that works if __name__ is __main__"
                raise BadRequest("workers", found, expected)
        return self._pool

    def close(self) -> None:
        """Let the processes go; what none of them has begun is dropped."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def _result(task: T, future: Future[Any]) -> Result[T]:
    error = CancelledError() if future.cancelled() else future.exception()
    return (task, future.result(), None) if error is None else (task, None, failure(error))


def _completed(
    pool: Executor, work: Callable[[T], Any], waiting: Iterator[T], most: int
) -> Iterator[tuple[T, Future[Any]]]:
    """Tasks and their futures as they get ready, with at most so many under way; none is begun in a broken pool."""
    under_way: dict[Future[Any], T] = {}
    broken = False
    while True:
        for task in islice(waiting, 0 if broken else most - len(under_way)):
            try:
                under_way[pool.submit(work, task)] = task
            except BrokenProcessPool as error:  # it broke a moment ago
                refused: Future[Any] = Future()
                refused.set_exception(error)
                under_way[refused] = task
        if not under_way:
            return
        for future in wait(under_way, return_when=FIRST_COMPLETED).done:
            broken = broken or isinstance(future.exception(), BrokenProcessPool)
            yield under_way.pop(future), future


def _leave_with_parent() -> None:
    """A worker ends when the process that started it does, also where that was killed, and on Ctrl-C without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
