"""Run the commands of the README as somebody would who has it and an installed polystate, and nothing else.

    readme.py README.md FOLDER [--extras fit,query] [--all]

A command is an indented line that begins with `$`, with the lines that continue it; Python is what stands in a fence of
python. A comment `[query]` names the extra that a command needs, `minutes` one that is left out unless --all asks."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

LONG = re.compile(r"#.*\bminutes?\b|#.*\bminute or two\b")
EXTRA = re.compile(r"#.*\[(?P<extra>[a-z]+)\]")


def commands(text: str) -> list[str]:
    """Every command and Python block of a Markdown text, in order."""
    found: list[str] = []
    lines = iter(text.splitlines())
    for line in lines:
        if line == "```python":
            block = list(iter(lambda: next(lines), "```"))
            found.append("python - <<'END'\n" + "\n".join(block) + "\nEND")
        elif line.startswith("    $ "):
            found.append(line[6:])
        elif line.startswith("        ") and found and (found[-1].endswith("\\") or found[-1].count('"') % 2):
            found[-1] = found[-1] + "\n" + line
    return found


def main() -> int:
    """Exit status 0 where every command that was run gave 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("readme", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--extras", default="")
    parser.add_argument("--all", action="store_true")
    given = parser.parse_args()
    extras, failed = set(filter(None, given.extras.split(","))), 0
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("PYTHONPATH", None)
    found = commands(given.readme.read_text("utf-8"))
    if len(found) < 10:
        print(f"{given.readme}: {len(found)} commands: is the prompt still a dollar sign?")
        return 1
    for command in found:
        title = command.splitlines()[0]
        needs = EXTRA.search(command)
        if needs and needs["extra"] not in extras:
            print(f"left out, needs [{needs['extra']}]: {title}", flush=True)
            continue
        if LONG.search(command) and not given.all:
            print(f"left out, long: {title}", flush=True)
            continue
        begin = time.perf_counter()
        done = subprocess.run(
            ["bash", "-c", command], cwd=given.folder, env=environment, text=True, errors="replace",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        print(f"{'good' if done.returncode == 0 else 'BAD '} {time.perf_counter() - begin:5.1f} s  {title}", flush=True)
        if done.returncode:
            failed += 1
            print(done.stdout[-2000:])
    print(f"{failed} of {len(found)} commands of {given.readme.name} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
