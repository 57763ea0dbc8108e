"""Reports: self-contained pages that work without a network."""
