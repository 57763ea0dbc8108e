"""File formats that Polystate reads and writes."""
