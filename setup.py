"""What pyproject.toml cannot say. The wheel carries the suite and the specification, so that it scores by itself.

They are copied as they lie, into `polystate_conformance/data/`: files read in place need no unpacking, no cache and
no folder that can be written to."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

CARRIED = ("conformance/cases", "conformance/corpus", "conformance/artifacts", "conformance/faults",
           "conformance/oracles", "conformance/rules.yaml", "conformance/untestable.yaml",
           "conformance/statistics.json", "spec")  # fmt: skip


class WithSuite(build_py):
    """The packages, and beside them what `polystate_conformance.paths` looks for."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:  # the checkout is there
            return
        here = Path(__file__).resolve().parent
        data = Path(self.build_lib) / "polystate_conformance" / "data"
        shutil.rmtree(data, ignore_errors=True)
        for name in CARRIED:
            source, target = here / name, data / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(source, target)


def long_description() -> str:
    """The README with absolute links: a package index knows no folders. Without a repository in pyproject.toml they
    are words."""
    here = Path(__file__).resolve().parent
    project = tomllib.loads((here / "pyproject.toml").read_text("utf-8"))["project"]
    home = project.get("urls", {}).get("Repository")
    there = rf"[\1]({home}/blob/v{project['version']}/\2)" if home else r"\1"
    return re.sub(r"\[([^][]+)\]\((?!https?:)([^)]+)\)", there, (here / "README.md").read_text("utf-8"))


setup(
    long_description=long_description(), long_description_content_type="text/markdown",
    cmdclass={"build_py": WithSuite},
)  # fmt: skip
