"""The command `polystate`: one command a verb, each in a module that is imported only when it is called."""

from __future__ import annotations

import importlib
import os
import sys

import typer

from polystate_tools.commands.progress import QUIET
from polystate_tools.commands.terminal import Printable

# verbs -> the module that has them: as `register(app)`, or as an `app` of its own
MODULES = {
    (
        "build",
        "convert",
        "validate",
        "describe",
        "explain",
        "states",
        "digest",
    ): "polystate_tools.commands.depositions",
    ("covariance", "render", "sample", "moments"): "polystate_tools.commands.evaluation",
    ("query",): "polystate_tools.commands.queries",
    ("catalogue",): "polystate_tools.commands.catalogue",
    ("diff",): "polystate_tools.commands.differences",
    ("rebase", "history"): "polystate_tools.commands.revisions",
    ("import", "export"): "polystate_tools.commands.exchange",
    ("mmtf",): "polystate_tools.commands.mmtf",
    ("registry",): "polystate_tools.commands.registry",
    ("score", "case"): "polystate_tools.commands.conformance",
    ("corpus",): "polystate_tools.commands.corpus",
    ("examples",): "polystate_tools.commands.examples",
    ("fit",): "polystate_tools.commands.fit",
    ("report",): "polystate_tools.commands.reports",
    ("compare",): "polystate_tools.commands.compare",
}
TRACEBACK = "POLYSTATE_TRACEBACK"  # a variable: show where an error comes from
INTERRUPTED, PIPE_CLOSED = 128 + 2, 128 + 13  # as a shell reports the signals
EXTRAS = {  # package -> the extra of polystate that brings it
    "numba": "fast", "mdtraj": "fit", "duckdb": "query", "biotite": "bcif", "dask": "cluster", "fsspec": "remote",
    "distributed": "cluster", "aiohttp": "remote", "torch": "torch", "onnxruntime": "torch",
    "llvmlite": "fast", "molviewspec": "scenes",
}  # fmt: skip
EPILOG = (
    "Exit status: 0 done and good, 1 done and not good (invalid, a case failed), 2 could not be done. "
    f"Every verb takes --quiet: no progress. {TRACEBACK}=1 shows where an error comes from."
)


def application(verb: str | None) -> typer.Typer:
    """The command line with the module of one verb, or with all of them (for --help)."""
    app = typer.Typer(
        name="polystate",
        help="What the heterogeneity of a macromolecular structure means: evaluate, convert, fit, score.",
        epilog=EPILOG,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(_version)
    for verbs, name in MODULES.items():
        if verb is None or verb in verbs:
            module = importlib.import_module(name)
            if hasattr(module, "register"):
                module.register(app)
            else:
                app.add_typer(module.app, name=verbs[0])
    return app


def _print_version(asked: bool) -> None:
    if asked:
        from polystate import __version__
        from polystate.store.tree import FORMAT_VERSION

        typer.echo(f"polystate {__version__}, format {FORMAT_VERSION}")
        raise typer.Exit()


def _version(
    version: bool = typer.Option(
        False, "--version", help="Print the versions of package and format.", is_eager=True, callback=_print_version
    ),
) -> None:
    """Heterogeneity of macromolecular structures."""


def main() -> None:
    """Run the command line: whatever goes wrong is one line, or the usage of a verb, and exit status 2."""
    sys.stdout, sys.stderr = Printable(sys.stdout), Printable(sys.stderr)  # type: ignore[assignment]
    if "--quiet" in sys.argv[1:] and "--" not in sys.argv[1 : sys.argv.index("--quiet")]:
        sys.argv.remove("--quiet")
        os.environ[QUIET] = "1"
    known = {verb for verbs in MODULES for verb in verbs}
    verb = next((a for a in sys.argv[1:] if not a.startswith("-")), None)
    try:
        status = application(verb if verb in known else None)(standalone_mode=False)
        sys.stdout.flush()
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.exit(_unread())
    except SystemExit as leaving:  # typer leaves with 1 where the reader has gone
        sys.exit(_unread() if isinstance(leaving.__context__, BrokenPipeError) else leaving.code)
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        sys.exit(_refused(error))
    sys.exit(status if isinstance(status, int) else 0)


def _unread() -> int:
    """The reader had enough: what is left goes nowhere, also when Python closes the stream; the exit status."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    return PIPE_CLOSED


def _refused(error: Exception) -> int:
    """Say in one line why something could not be done; the exit status."""
    from polystate.errors import PolystateError
    from polystate_tools.archive.outcomes import HINTS

    show = getattr(error, "show", None)
    if callable(show):  # of typer: wrong usage, with the usage
        show()
        return int(getattr(error, "exit_code", 2))
    if isinstance(error, PolystateError):
        said = str(error) + HINTS.get(error.code, "")
    elif isinstance(error, ImportError):
        cause = error.__cause__ if isinstance(error.__cause__, ImportError) else error
        package = (cause.name or "").partition(".")[0]
        wanted = f"'polystate[{EXTRAS[package]}]'" if package in EXTRAS else package
        said = str(error) + (f": pip install {wanted}" if package else "")
    elif isinstance(error, (OSError, MemoryError)):
        said = str(error) or type(error).__name__
    else:
        said = (
            f"{type(error).__name__}: {error}; this is a mistake in polystate: report it, with what {TRACEBACK}=1 shows"
        )
    typer.echo("polystate: " + " ".join(said.split()), err=True)
    return 2


if __name__ == "__main__":
    main()
