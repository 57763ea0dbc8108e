"""The page of any deposition: what varies where, which states there are, the structure in space; in one file, offline.

The view is drawn by 3Dmol.js (BSD-3-Clause, `vendor/3Dmol-LICENSE.txt`), which the page carries."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from polystate import Deposition
from polystate.evaluation.rendering import Snapshot
from polystate.questions import glance
from polystate.questions.sites import Site, sites
from polystate.store.outputs import replacing
from polystate_tools.report import shape
from polystate_tools.report.svg import escape
from polystate_tools.report.switches import draws, switches

LISTED_SITES, LISTED_STATES, LISTED_WARNINGS = 200, 12, 40
POLYMERS = ("polymer", "protein", "polypeptide", "nucleic")


def write_entry(dep: Deposition, path: Path) -> None:
    """Write the page of a deposition."""
    text = page(dep)
    with replacing(path, overwrite=True) as partial:
        partial.write_text(text, encoding="utf-8")


def has_fit(dep: Deposition) -> bool:
    """Whether a page of a fit can be made: some provenance is of one, with its levels."""
    found = (dep.tree[path].attributes for path in dep.tree if path.startswith("provenance/"))
    return any(block.get("kind") == "fit" and block.get("levels") for block in found)


def page(whole: Deposition) -> str:
    """The HTML; what descriptors of unknown operators contribute is left out, and said."""
    with whole.answering():
        return _page(whole, whole.understood())


def _page(whole: Deposition, dep: Deposition) -> str:
    base = dep.render(at=glance.first_steps(dep), psd="clip")
    found = list(sites(dep))
    names, b = shape.level_b(dep, base)
    options, left_out = switches(dep, base)
    model = _model(dep, base, b, options, found) | {"draws": draws(dep, base)}
    title, below = _titles(dep)
    body = [
        f"<section><h2>The structure</h2>{_view(left_out)}</section>",
        _section(
            "B along the chains", _legend(names) + shape.profiles(dep, names, b) + PROFILE_NOTE if np.nansum(b) else ""
        ),
        _section("What varies where", shape.scopes(whole) + SCOPES_NOTE if whole.descriptors else ""),
        _section("Sites, states, populations", _site_table(found)),
        _section("Sites that depend on sites", shape.dag(found)),
        _section("Axes", _axes(dep)),
        _section("Warnings and losses", _warnings(whole)),
        _section("Provenance", _provenance(dep)),
    ]
    here = files("polystate_tools.report")
    css, script = (here.joinpath(name).read_text("utf-8") for name in ("entry.css", "entry.js"))
    viewer = here.joinpath("vendor", "3Dmol-min.js").read_text("utf-8").replace("</script", "<\\/script")
    data = json.dumps(model, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    lead = ", ".join(glance.facts(dep).values())
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<style>{css}</style></head><body><header><h1>{escape(title)}</h1>"
        f"{below}<p>{escape(lead)}</p></header><main>{''.join(body)}</main>"
        f"<footer>Made by polystate; the view by 3Dmol.js (BSD-3-Clause).</footer>"
        f'<script type="application/json" id="model">{data}</script><script>{viewer}</script>'
        f"<script>{script}</script></body></html>"
    )


PROFILE_NOTE = (
    '<p class="note">Mean over the atoms of each residue in the joint state shown first, stacked from the '
    "largest scale (bottom). A residue's column shows it in the view; <button data-svg>profiles as SVG</button></p>"
)
SCOPES_NOTE = (
    '<p class="note">Each descriptor stands at the smallest level of the hierarchy that holds each of its labels, with '
    "how many labels it has, of which grouping.</p>"
)


def _titles(dep: Deposition) -> tuple[str, str]:
    """The heading of the page, and what stands below it: the title, where the heading is not the title itself."""
    name, whole = glance.name(dep), str(dep.document.get("title") or "")
    if not whole or whole.startswith(name.removesuffix("…")):
        return whole or name or "deposition", ""
    return name, f"<p>{escape(whole)}</p>"


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>" if content else ""


def _model(
    dep: Deposition, base: Snapshot, b: np.ndarray, options: list[dict[str, Any]], found: list[Site]
) -> dict[str, Any]:
    """What the script draws: columns of atoms, residues and chains by number, B of each atom, switches."""
    h = dep.hierarchy
    residue = h.column("atoms", "residue")
    chain = h.column("residues", "chain")
    entity = h.column("chains", "entity")
    kinds = h.text("entities", "type")
    polymer = [any(word in str(kinds[e]) for word in POLYMERS) if e >= 0 else False for e in entity.tolist()]
    varied = np.zeros(dep.n_atoms, np.uint8)
    for site in found:
        if 2 * len(site.rows) < dep.n_atoms:  # else it is no place
            varied[site.rows] = 1
    return {
        "xyz": np.round(base.xyz, 2).ravel().tolist(),
        "present": base.present.astype(int).tolist(),
        "name": [str(n) for n in h.text("atoms", "name")],
        "element": h.column("atoms", "element").tolist(),
        "residue": residue.tolist(),
        "comp": [str(c) for c in h.text("residues", "comp")],
        "number": h.column("residues", "auth_seq").tolist(),
        "insertion": [str(i) for i in h.text("residues", "ins")],
        "chain": chain.tolist(),
        "chains": [str(c) for c in h.text("chains", "auth_asym")],
        "polymer": [int(polymer[c]) for c in range(len(polymer))],
        "b": np.round(np.nan_to_num(b.sum(axis=0)), 1).tolist() if np.nansum(b) else [],
        "varied": varied.tolist(),
        "switches": options,
    }


def _view(left_out: int) -> str:
    note = f'<p class="note">{left_out} switches are left out: the page would be too large.</p>' if left_out else ""
    return (
        '<div class="controls"><label>Show <select id="style"><option value="cartoon">cartoon</option>'
        '<option value="sides">cartoon and side chains</option><option value="sticks">all atoms</option>'
        '<option value="spheres">all atoms, 50 % spheres of B</option></select></label>'
        '<label>Colour by <select id="colour"><option value="chain">chain</option><option value="b">B</option>'
        '<option value="site">site</option><option value="element">element</option></select></label>'
        '<label><input type="checkbox" id="ghosts" checked> alternates</label>'
        '<label id="draw-box"><button id="play">play draws</button> <select id="draw"></select></label>'
        '<button id="reset">reset</button><button id="png">PNG</button></div>'
        '<div class="beside"><div id="view" role="img" aria-label="the structure in space"></div>'
        '<div id="switches"></div></div><div id="info">drag to turn, wheel to zoom; point at an atom for its name</div>'
        f'<div id="scale"></div>{note}'
    )


def _legend(names: list[str]) -> str:
    keys = (f'<span><i style="background:{shape.colour(k)}"></i>{escape(n)}</span>' for k, n in enumerate(names))
    return f'<div class="legend">{"".join(keys)}</div>'


def _site_table(found: list[Site]) -> str:
    if not found:
        return ""
    rows = []
    for site in found[:LISTED_SITES]:
        for k, state in enumerate(site.states[:LISTED_STATES]):
            when = ", ".join(f"{parent} = {' or '.join(labels)}" for parent, labels in state.when.items())
            indent = f"padding-left:{0.4 + 1.2 * site.depth}em"
            first = f'<td style="{indent}">{escape(site.name)}</td>' if k == 0 else "<td></td>"
            rows.append(
                f"<tr>{first}<td>{escape(state.label)}</td><td>{escape(state.residues or 'nothing')}</td>"
                f'<td class="n">{state.atoms}</td><td class="n">{state.population:.3g}</td>'
                f'<td><i class="bar" style="width:{100 * min(state.population, 1):.1f}%"></i></td>'
                f"<td>{escape(when)}</td></tr>"
            )
        if len(site.states) > LISTED_STATES:
            rows.append(f"<tr><td></td><td colspan=6>and {len(site.states) - LISTED_STATES} more states</td></tr>")
    more = f'<p class="note">and {len(found) - LISTED_SITES} more sites</p>' if len(found) > LISTED_SITES else ""
    return (
        '<div class="scroll tall"><table><tr><th>site</th><th>state</th><th>what is there</th><th class="n">atoms</th>'
        f'<th class="n">population</th><th class="w"></th><th>only with</th></tr>{"".join(rows)}</table></div>{more}'
    )


def _axes(dep: Deposition) -> str:
    rows = "".join(
        f'<tr><td>{escape(a.name)}</td><td class="n">{a.length}</td><td>'
        f"{escape(', '.join(_of_axis(dep, a.name)))}</td></tr>"
        for a in dep.axes.values()
    )
    return f"<table><tr><th>axis</th><th class='n'>steps</th><th>varies</th></tr>{rows}</table>" if rows else ""


def _of_axis(dep: Deposition, name: str) -> list[str]:
    return [d.id for d in dep.descriptors.values() if name in (d.axis, d.document.get("state_axis"))]


def _warnings(dep: Deposition) -> str:
    """What validation says, stale marks among it, and what an import noted."""
    report = dep.validate().to_json()
    lines = [f"{w['where']}: {w['message']}" for w in report["warnings"]] + [str(e) for e in report["errors"]]
    for path, node in ((p, dep.tree[p]) for p in dep.tree if p.startswith(("annotations/", "provenance/"))):
        for key in ("warnings", "losses", "lost"):
            for item in _found(node.attributes, key):
                lines.append(f"{path.partition('/')[2]}, {key}: {_said(item)}")
    lines = list(dict.fromkeys(lines))  # an import says the same in its provenance and in its annotation
    listed = "".join(f"<li>{escape(line)}</li>" for line in lines[:LISTED_WARNINGS])
    more = f"<li>and {len(lines) - LISTED_WARNINGS} more</li>" if len(lines) > LISTED_WARNINGS else ""
    return f"<ul>{listed}{more}</ul>" if lines else ""


def _found(document: Any, key: str) -> list[Any]:
    """The lists under a key, at any depth."""
    if isinstance(document, list):
        return [item for part in document for item in _found(part, key)]
    if not isinstance(document, dict):
        return []
    own = document.get(key)
    below = [item for name, part in document.items() if name != key for item in _found(part, key)]
    return (own if isinstance(own, list) else []) + below


def _said(item: Any) -> str:
    if isinstance(item, dict) and {"what", "because"} <= item.keys():
        return f"{item['what']} ({item.get('count', 1)}): {item['because']}"
    if isinstance(item, dict) and "message" in item:
        return f"{item['message']} ({item.get('count', 1)})"
    return item if isinstance(item, str) else json.dumps(item, ensure_ascii=False, default=str)


def _provenance(dep: Deposition) -> str:
    blocks = []
    for path in (p for p in dep.tree if p.startswith(("provenance/", "annotations/"))):
        text = json.dumps(dict(dep.tree[path].attributes), indent=2, ensure_ascii=False, default=str)
        short = text if len(text) < 20_000 else text[:20_000] + "\n…"
        blocks.append(f"<details><summary>{escape(path)}</summary><pre>{escape(short)}</pre></details>")
    return f"<p>Digest <code>{dep.digest()}</code></p>" + "".join(blocks)
