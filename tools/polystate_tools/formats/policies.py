"""What B-factors and ANISOU of an exported file hold, and how the file says so: one row a policy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Policy:
    """said: the words of the file. others: what becomes of Gaussian levels above the atomic one:

    "sum" into U_total, "leave" out, "keep" as TLS records, or "refuse". models: it says something of one joint state.
    """

    name: str
    said: str
    others: str
    models: bool = True


POLICIES = {
    row.name: row
    for row in (
        Policy("marginal", "ANISOU = U_total, the sum of all Gaussian descriptors; B = 8 pi^2/3 Tr U_total", "sum"),
        Policy("atomic-only", "ANISOU and B of the atomic level only; what other levels add is left out", "leave"),
        Policy("records", "TLS records, ANISOU and B as imported", "keep", models=False),
        Policy("refuse", "no more than one Gaussian descriptor", "refuse"),
    )
}


def said(name: str) -> str:
    """The words by which a file names its policy; "" of none."""
    return POLICIES[name].said if name in POLICIES else ""
