"""One adapter process: started, asked, timed, and restarted when it crashes, hangs or answers garbage."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
from collections import deque
from typing import Any

from polystate_conformance import protocol

START_LIMIT_S = 60.0
MAX_LINE = 16 * 1024 * 1024
KEPT_STDERR = 200


class AdapterFailure(Exception):
    """The adapter gave no usable answer; `how` is crash, hang, garbage or start."""

    def __init__(self, how: str, message: str):
        super().__init__(message)
        self.how = how


class Session:
    """An adapter under one command line. Not shared between threads."""

    def __init__(self, command: list[str], start_limit_s: float = START_LIMIT_S):
        self.command = command
        self.start_limit_s = start_limit_s
        self.hello: dict[str, Any] | None = None
        self.restarts = -1
        self._process: subprocess.Popen[bytes] | None = None
        self._greeted = False
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._stderr: deque[str] = deque(maxlen=KEPT_STDERR)

    def start(self) -> dict[str, Any]:
        """Start the program if it does not run, and return its hello."""
        running = self._process is not None and self._process.poll() is None
        if running and self.hello is not None:
            return self.hello
        if self._process is None or self._greeted:
            self.launch()
        self._greeted = True
        try:
            self.hello = self._exchange(protocol.hello(), "hello_answer", self.start_limit_s)
        except AdapterFailure as failure:
            self._kill()
            raise AdapterFailure("start", f"no hello ({failure.how}): {failure}") from failure
        return self.hello

    def launch(self) -> None:
        """Begin to start the program, which then loads while its caller does something else; `start` greets it."""
        self._kill()
        self._greeted = False
        self.restarts += 1
        self._lines, self._stderr = queue.Queue(), deque(maxlen=KEPT_STDERR)
        try:
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise AdapterFailure("start", f"{self.command[0]}: {error.strerror}") from error
        for reader, stream in ((_read_lines, self._process.stdout), (_read_stderr, self._process.stderr)):
            target = self._lines if reader is _read_lines else self._stderr
            threading.Thread(target=reader, args=(stream, target), daemon=True).start()

    def ask(self, message: dict[str, Any], limit_s: float) -> dict[str, Any]:
        """The answer to a `run` message; on failure the program is killed and the next call restarts it."""
        self.start()
        try:
            answer = self._exchange(message, "answer", limit_s)
            if answer["seq"] != message["seq"]:
                raise AdapterFailure("garbage", f"answers request {answer['seq']}, asked was {message['seq']}")
            return answer
        except AdapterFailure:
            self._kill()
            raise

    def stop(self) -> None:
        """Say stop, wait a moment, then end the process group."""
        process = self._process
        if process is not None and process.poll() is None and process.stdin is not None:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                process.stdin.write(protocol.encode({"cmd": "stop"}).encode())
                process.stdin.close()
                process.wait(timeout=2)
        self._kill()

    def stderr(self) -> str:
        """The last lines the program wrote to standard error."""
        return "\n".join(self._stderr)[-4000:]

    def _exchange(self, message: dict[str, Any], answer: str, limit_s: float) -> dict[str, Any]:
        process = self._process
        assert process is not None and process.stdin is not None
        try:
            process.stdin.write(protocol.encode(message).encode())
            process.stdin.flush()
        except OSError:
            raise AdapterFailure("crash", self._obituary()) from None
        try:
            line = self._lines.get(timeout=limit_s)
        except queue.Empty:
            raise AdapterFailure("hang", f"no answer in {limit_s:g} s") from None
        if line is None:
            raise AdapterFailure("crash", self._obituary())
        if not line.endswith(b"\n"):
            if len(line) >= MAX_LINE:
                raise AdapterFailure("garbage", f"a line of more than {MAX_LINE} bytes")
            raise AdapterFailure("crash", self._obituary())
        try:
            return protocol.decode_answer(line.decode("utf-8"), answer)
        except (protocol.BadMessage, UnicodeDecodeError) as error:
            raise AdapterFailure("garbage", f"{error}: {line[:120]!r}") from None

    def _obituary(self) -> str:
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)
        time.sleep(0.02)  # lets the reader of standard error finish
        tail = self.stderr().strip().splitlines()
        status = self._process.poll()
        how = f"with status {status}" if status is None or status >= 0 else f"by {_signal(-status)}"
        return f"ended {how}" + (f": {tail[-1][:300]}" if tail else "")

    def kill(self) -> None:
        """End the process group at once."""
        self._kill()

    def _kill(self) -> None:
        process, self._process, self.hello = self._process, None, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _read_lines(stream: Any, lines: queue.Queue[bytes | None]) -> None:
    with contextlib.suppress(OSError, ValueError):
        while line := stream.readline(MAX_LINE):
            lines.put(line)
    lines.put(None)


def _read_stderr(stream: Any, kept: deque[str]) -> None:
    with contextlib.suppress(OSError, ValueError):
        while line := stream.readline(4096):
            kept.append(line.decode("utf-8", "replace").rstrip("\n"))
