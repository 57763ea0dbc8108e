"""What B-factors and ANISOU of an exported file hold, and how the file says so."""

from __future__ import annotations

POLICIES = ("marginal", "atomic-only", "records", "refuse")

SAID = {
    "marginal": "ANISOU = U_total, the sum of all Gaussian descriptors; B = 8 pi^2/3 Tr U_total",
    "atomic-only": "ANISOU and B of the atomic level only; what other levels add is left out",
    "records": "TLS records, ANISOU and B as imported",
    "refuse": "no Gaussian descriptor but the atomic level",
}
