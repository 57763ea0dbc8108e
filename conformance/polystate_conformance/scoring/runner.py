"""Put cases to an implementation, in shuffled order, and collect one result a case."""

from __future__ import annotations

import queue
import random
import shlex
import shutil
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from polystate_conformance import protocol
from polystate_conformance.scoring import compare, laws
from polystate_conformance.scoring.session import AdapterFailure, Session
from polystate_conformance.suite.case import Case
from polystate_conformance.suite.materialise import Materials

FAILED_STARTS = 3
"""After so many failed starts in a row a worker gives up: the program does not run here."""

Result = dict[str, Any]


@dataclass
class Run:
    """What one implementation answered."""

    hello: dict[str, Any]
    results: list[Result] = field(default_factory=list)
    restarts: int = 0
    seconds: float = 0.0
    seed: int = 0
    command: str = ""
    date: str = ""
    """When the run began, UTC."""


def shuffled(cases: Iterable[Case], seed: int) -> list[tuple[int, Case]]:
    """The cases in an order that depends on the seed only, under random numbers that rise with nothing."""
    generator = random.Random(seed)
    order = list(cases)
    generator.shuffle(order)
    return list(zip(generator.sample(range(1, 1 << 48), len(order)), order, strict=True))


def run(
    command: list[str],
    cases: list[Case],
    *,
    seed: int,
    jobs: int = 1,
    limit_s: float | None = None,
    start_limit_s: float | None = None,
    materials: Materials | None = None,
    progress: Callable[[Result], None] | None = None,
    first: Session | None = None,
) -> Run:
    """Score a program: `jobs` processes of it side by side, each asked one case at a time.

    `materials` keeps the stores for a further run; else they are built here and removed. `first` is a session that
    has been started; it is stopped here."""
    if materials is None:
        with Materials() as own:
            return run(command, cases, seed=seed, jobs=jobs, limit_s=limit_s, start_limit_s=start_limit_s,
                       materials=own, progress=progress, first=first)  # fmt: skip
    started = time.monotonic()
    materials.prebuild(cases, jobs)
    finished = Run({}, seed=seed, command=shlex.join(command), date=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    shared = _Shared(finished, materials, laws.plan(cases, seed), limit_s, progress)
    for item in shuffled(cases, seed):
        shared.waiting.put(item)
    sessions = [
        Session(command) if start_limit_s is None else Session(command, start_limit_s)
        for _ in range(max(1, min(jobs, len(cases))))
    ]
    if first is not None:
        sessions[0] = first
    workers = [threading.Thread(target=shared.work, args=(session,)) for session in sessions]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if shared.broken:
        raise shared.broken[0]
    finished.results.sort(key=lambda result: result["case"])
    finished.seconds = time.monotonic() - started
    return finished


@dataclass
class _Shared:
    """What the workers of a run take from and add to."""

    finished: Run
    materials: Materials
    plan: laws.Plan
    limit_s: float | None
    progress: Callable[[Result], None] | None
    waiting: queue.SimpleQueue[tuple[int, Case]] = field(default_factory=queue.SimpleQueue)
    broken: list[BaseException] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self, session: Session) -> None:
        """Put cases to one process until none is left."""
        failed_starts, why = 0, ""
        try:
            while (item := self._next()) is not None:
                seq, case = item
                if failed_starts >= FAILED_STARTS:
                    said = f"the program does not start any more: {why}"
                    result = _result(case, {"outcome": "failed", "why": said, "how": "start"})
                else:
                    result = _ask(session, seq, case, self.materials, self.plan, self.limit_s)
                    failed_starts = failed_starts + 1 if result.get("how") == "start" else 0
                    why = result.get("why", "")
                with self.lock:
                    self.finished.hello = self.finished.hello or session.hello or {}
                    self.finished.results.append(result)
                    if self.progress is not None:
                        self.progress(result)
        except BaseException as error:  # of the harness, not of the program
            self.broken.append(error)
        finally:
            session.stop()
            with self.lock:
                self.finished.restarts += max(0, session.restarts)

    def _next(self) -> tuple[int, Case] | None:
        try:
            return self.waiting.get_nowait()
        except queue.Empty:
            return None


def _ask(
    session: Session, seq: int, case: Case, materials: Materials, plan: laws.Plan, limit_s: float | None
) -> Result:
    store, out_dir = materials.store(case), materials.out_dir()
    started = time.monotonic()
    stderr = ""
    try:
        hello = session.start()
        message = _message(seq, case, None if store is None else str(store), str(out_dir), plan)
        answer = session.ask(message, min(case.limit_s, limit_s or case.limit_s))
        judged = judge(case, answer, hello, out_dir, plan)
    except AdapterFailure as failure:
        judged = {"outcome": "failed", "why": f"{failure.how}: {failure}", "how": failure.how}
        stderr = session.stderr()
    if stderr:
        judged["stderr"] = stderr
    result = _result(case, judged)
    result["ms"] = round(1000 * (time.monotonic() - started), 1)
    shutil.rmtree(out_dir, ignore_errors=True)
    return result


def run_in_process(
    handle: protocol.Handler,
    hello: dict[str, Any],
    cases: Iterable[Case],
    materials: Materials,
    seed: int = 0,
    stop_when: Callable[[Result], bool] | None = None,
    plan: laws.Plan | None = None,
) -> list[Result]:
    """The same judgement of a handler in this process (used for planted faults), in the order given."""
    cases = list(cases)
    plan = plan or laws.plan(cases, seed)
    results = []
    for seq, case in enumerate(cases, 1):
        store, out_dir = materials.store(case), materials.out_dir()
        message = _message(seq, case, None if store is None else str(store), str(out_dir), plan)
        try:
            answer = protocol.decode_answer(protocol.encode({"seq": str(seq), **handle(message)}), "answer")
            judged = judge(case, answer, hello, out_dir, plan)
        except Exception as error:  # a planted fault may break anything; that case fails, as it does for a program
            judged = {"outcome": "failed", "why": f"{type(error).__name__}: {str(error)[:300]}", "how": "crash"}
        shutil.rmtree(out_dir, ignore_errors=True)
        results.append(_result(case, judged))
        if stop_when is not None and stop_when(results[-1]):
            break
    return results


def _message(seq: int, case: Case, store: str | None, out_dir: str, plan: laws.Plan) -> dict[str, Any]:
    request, seed = case.message, case.seed
    if case.statistical:
        request, seed = plan.request(case), plan.seed(case)
    return protocol.run(seq, case.kind, case.profile, store, request, seed, out_dir)


def judge(case: Case, answer: dict[str, Any], hello: dict[str, Any], out_dir: Any, plan: laws.Plan) -> dict[str, Any]:
    """Outcome of one answer, with `unsupported` held against what hello claimed."""
    claimed = case.profile in hello["profiles"]
    if "unsupported" in answer:
        if claimed or answer["unsupported"]["profile"] != case.profile:
            return {"outcome": "failed", "why": f"answers unsupported, though hello claims {case.profile}"}
        return {"outcome": "unsupported"}
    if not claimed:
        return {"outcome": "failed", "why": f"answers, though hello does not claim {case.profile}"}
    if case.statistical and "ok" in answer:
        return laws.verdict(case, answer["ok"], out_dir, plan)
    if case.kind in ("import", "export"):
        from polystate_conformance.scoring import exchange  # which needs gemmi and the reference

        return exchange.verdict(case, answer, out_dir)
    return compare.verdict(case, answer, out_dir)


def _result(case: Case, judged: dict[str, Any]) -> Result:
    return {
        "case": case.id, "title": case.title, "area": case.area, "profile": case.profile, "kind": case.kind,
        "level": case.level, "negative": case.negative, "sentences": sorted(case.sentences), **judged,
    }  # fmt: skip
