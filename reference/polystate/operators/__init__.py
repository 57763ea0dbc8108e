"""One module an operator subcase, in plain NumPy, reading like the registry entry."""
