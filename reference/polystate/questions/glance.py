"""A deposition in one line, for the prompt, and in a small table, for a notebook."""

from __future__ import annotations

from html import escape

from polystate.errors import PolystateError
from polystate.evaluation import evaluate
from polystate.model.model import Model

LONGEST = 48  # characters of a title


def facts(dep: Model) -> dict[str, str]:
    """What to say first of a deposition, by what it is said of; what it lacks is left out.

    Raises what reading or judging it raises."""
    sites = len(dep.states.dag)
    found = {
        "atoms": f"{dep.n_atoms} atoms",
        "sites": f"{sites} sites" if sites != 1 else "1 site",
        "states": f"{dep.states.count()} joint states",
        "axes": ", ".join(f"axis {axis.name} of {axis.length}" for axis in dep.axes.values()),
        "levels": "levels " + ", ".join(d.id for d in evaluate.gaussian_levels(dep)),
    }
    if not sites:
        del found["sites"], found["states"]
    return {key: said for key, said in found.items() if said and said != "levels "}


def first_steps(dep: Model) -> dict[str, int]:
    """Step 0 of each axis that no joint state fixes: with it any deposition can be rendered."""
    bundles = {d.document.get("state_axis") for d in dep.descriptors.values() if d.is_discrete}
    return {axis: 0 for axis in dep.axes if axis not in bundles}


def name(dep: Model) -> str:
    """The id of the entry, else its title (shortened), else nothing."""
    entry = dep.document.get("entry")
    title = str(dep.document.get("title") or "")
    short = title if len(title) <= LONGEST else title[: LONGEST - 1].rstrip() + "…"
    return str((entry.get("id") if isinstance(entry, dict) else "") or short)


def line(dep: Model) -> str:
    """`Deposition 1EJG: 660 atoms, 16 sites, 221184 joint states, levels atom`; never raises for a bad deposition."""
    try:
        said = ", ".join(facts(dep).values())
    except PolystateError as error:
        said = f"not valid ({error.code})"
    return f"Deposition {name(dep)}".strip() + f": {said}"


def table(dep: Model) -> str:
    """The same as HTML."""
    try:
        rows = facts(dep)
    except PolystateError as error:
        rows = {"not valid": str(error)}
    cells = "".join(f"<tr><th>{escape(key)}</th><td>{escape(said)}</td></tr>" for key, said in rows.items())
    title = escape(str(dep.document.get("title") or ""))
    return f"<b>Deposition {escape(name(dep))}</b><br>{title}<table>{cells}</table>"
