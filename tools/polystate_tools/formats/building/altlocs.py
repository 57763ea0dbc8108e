"""Alternate locations and partial occupancies of records without heterogeneity extension as variables."""

from __future__ import annotations

import numpy as np

from polystate_tools.formats.building.overlap import Part, exclusive
from polystate_tools.formats.building.sites import Site, altloc_sites, partial_sites
from polystate_tools.formats.building.variables import Variable, variable_of_site
from polystate_tools.formats.records.layout import Layout
from polystate_tools.formats.report import ImportReport

ALTLOC, PARTIAL = "altloc", "partial"


def lettered_records(layout: Layout) -> np.ndarray:
    """(n,) bool: records of atoms of which any record has an altloc."""
    has_letter = ~layout.records.altloc.equals("")
    if not has_letter.any():
        return has_letter
    atoms = np.zeros(layout.n_atoms, bool)
    atoms[layout.atom_of_record[has_letter]] = True
    return atoms[layout.atom_of_record]


def altloc_variables(
    layout: Layout, taken: np.ndarray, whole_molecule: bool, report: ImportReport, overlap: bool | None = None
) -> list[Variable]:
    """Variables of altlocs and of partial occupancies, of the records that are not `taken` (n,) bool."""
    lettered = lettered_records(layout) & ~taken
    sites = altloc_sites(layout, np.flatnonzero(lettered), whole_molecule, report, overlap)
    partial = ~lettered & ~taken & (layout.records.occupancy != 1)
    partials = partial_sites(layout, np.flatnonzero(partial))
    _warn_of_sites(layout, sites, report)
    if overlap is not None:
        parts = [Part(layout, site.records) for site in partials if site.rule == "partial-occupancy"]
        exclusive(layout, parts, False, report)
    made = []
    for descriptor, found in ((ALTLOC, sites), (PARTIAL, partials)):
        for number, site in enumerate(found):
            variable = variable_of_site(layout, site, descriptor, report)
            variable.number = number
            made.append(variable)
            report.sites[site.rule] = report.sites.get(site.rule, 0) + 1
    return made


def _warn_of_sites(layout: Layout, sites: list[Site], report: ImportReport) -> None:
    """One letter only, letters that one residue of a site lacks, alternates that do not differ."""
    single = [site.label for site in sites if (site.state == site.state[0]).all()]
    if single:
        report.warn("single-altloc", "sites with one altloc letter only", single)
    inherited = [
        f"{site.label} {site.states[state]}"
        for site in sites
        for state in sorted({state for _, state in site.inherits})
    ]
    if inherited:
        report.warn(
            "incomplete-altloc",
            "states that a residue of the site has no records for; it keeps its most populated conformer there",
            inherited,
        )
    same = [site.label for site in sites if _has_equal_states(layout, site)]
    if same:
        report.warn("duplicate-alternates", "sites with alternates that are equal in every coordinate", same)


def _has_equal_states(layout: Layout, site: Site) -> bool:
    atom = layout.atom_of_record[site.records]
    seen = set()
    for state in range(int(site.state.max()) + 1):
        rows = np.flatnonzero(site.state == state)
        rows = rows[np.argsort(atom[rows])]
        key = (atom[rows].tobytes(), layout.records.xyz[site.records[rows]].tobytes())
        if key in seen:
            return True
        seen.add(key)
    return False
