"""Build cases, run implementations against them, compare, score and report."""
