"""The command `polystate`: one command a verb, each in a module that is imported only when it is called."""

from __future__ import annotations

import importlib
import sys

import typer

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
    ("covariance", "render", "sample"): "polystate_tools.commands.evaluation",
    ("query",): "polystate_tools.commands.queries",
    ("import", "export"): "polystate_tools.formats.cli",
    ("mmtf",): "polystate_tools.formats.mmtf.cli",
    ("registry",): "polystate_tools.registry_cli",
    ("score", "case"): "polystate_tools.conformance_cli",
    ("corpus",): "polystate_tools.commands.corpus",
    ("fit",): "polystate_tools.echt.cli",
    ("report",): "polystate_tools.commands.reports",
}
EPILOG = "Exit status: 0 done and good, 1 done and not good (invalid, a case failed), 2 could not be done."


def application(verb: str | None) -> typer.Typer:
    """The command line with the module of one verb, or with all of them (for --help)."""
    app = typer.Typer(
        name="polystate",
        help="What the heterogeneity of a macromolecular structure means: evaluate, convert, fit, score.",
        epilog=EPILOG,
        no_args_is_help=True,
        add_completion=False,
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


def _version(
    version: bool = typer.Option(False, "--version", help="Print the versions of package and format.", is_eager=True),
) -> None:
    """Heterogeneity of macromolecular structures."""
    if version:
        from polystate import __version__
        from polystate.store import FORMAT_VERSION

        typer.echo(f"polystate {__version__}, format {FORMAT_VERSION}")
        raise typer.Exit()


def main() -> None:
    """Run the command line; an error that has a place is one line and exit status 2."""
    known = {verb for verbs in MODULES for verb in verbs}
    verb = next((a for a in sys.argv[1:] if not a.startswith("-")), None)
    from polystate.errors import PolystateError

    try:
        application(verb if verb in known else None)()
    except PolystateError as error:
        typer.echo(f"polystate: {error}", err=True)
        sys.exit(2)
    except (OSError, MemoryError) as error:
        typer.echo(f"polystate: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
