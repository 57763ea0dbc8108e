"""Wrong importers and exporters: degrees, letters, totals, levels, states, what a file says of itself."""

import numpy as np

from polystate.errors import PolystateError
from polystate_conformance.selftest.planting import fault

FORMATS = "polystate_tools.formats"


@fault("letters-across-the-file", f"{FORMATS}.importing:import_file", "exchange")
def _(original):
    """Alternates that share a letter are one variable, wherever they are."""
    return lambda file, **options: original(file, **{**options, "altloc": "global"})


@fault("total-taken-as-residual", f"{FORMATS}.importing:import_file", "exchange")
def _(original):
    """B-factors that are total are taken as what TLS leaves over."""

    def wrong(file, **options):
        return original(file, **{**options, "b_factors": options.get("b_factors") and "residual"})

    return wrong


@fault("unstated-taken-as-residual", f"{FORMATS}.importing:import_file", "exchange")
def _(original):
    """B-factors beside TLS of which nobody says what they are are taken as what TLS leaves over."""

    def wrong(file, **options):
        try:
            return original(file, **options)
        except PolystateError:
            return original(file, **{**options, "b_factors": "residual"})

    return wrong


def _with(original, change):
    """A reader whose records are changed."""
    return lambda file: change(original(file))


@fault("imported-b-as-u", f"{FORMATS}.importing:records_of_file", "exchange")
def _(original):
    """B-factors are taken for U."""
    from dataclasses import replace

    return _with(original, lambda records: replace(records, b=records.b * 8 * np.pi**2))


@fault("tls-left-in-degrees", f"{FORMATS}.building.tls:_in_radians", "exchange")
def _(original):
    """L stays in degrees²."""

    def wrong(group):
        row = np.array(original(group))
        row[..., 6:12] *= (180 / np.pi) ** 2
        return row

    return wrong


@fault("policy-not-written", f"{FORMATS}.exporting:export_bytes", "exchange")
def _(original):
    """The file does not say by which policy its B-factors were made."""

    def wrong(dep, format, options):
        content, report = original(dep, format, options)
        return content.replace(b"marginal", b"a policy"), report

    return wrong


@fault("seed-not-written", f"{FORMATS}.exporting:export_bytes", "exchange")
def _(original):
    """The file does not say of which seed its draws are."""

    def wrong(dep, format, options):
        content, report = original(dep, format, options)
        return content.replace(str(options.seed).encode(), b"a seed") if options.draws else content, report

    return wrong


@fault("exported-finest-level", f"{FORMATS}.exporting:export_file", "exchange")
def _(original):
    """Without a policy the atomic level alone is written."""
    return lambda dep, path, **options: original(dep, path, **{"gaussian": "atomic-only", **options})


@fault("state-of-the-reference", f"{FORMATS}.exporting:_of_choice", "exchange")
def _(original):
    """Of a joint state the reference is written."""
    from dataclasses import replace

    def wrong(dep, options, report):
        other = replace(options, reference=True, one_state=False, state={}) if options.one_state else options
        return original(dep, other, report)

    return wrong
