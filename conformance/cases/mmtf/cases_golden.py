"""Goldens: a small structure, written in both dialects and read back as the values that were given."""

from __future__ import annotations

from golden import golden
from making import good

for dialect in ("1.0", "draft"):
    data, wants = golden(dialect)
    good(
        f"golden-{dialect.replace('.', '-')}",
        f"a dipeptide with an alternate, a water and two models, written as {dialect}",
        (11 if dialect == "1.0" else 10, 22, 41),
        data,
        "the values that were given to the encoder, rounded by hand to its divisors",
        **wants,
    )
