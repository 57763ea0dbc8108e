"""Views of a deposition for the programs that people look at structures with."""
