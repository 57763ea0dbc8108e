"""Many entries: the same work on all of them, and tables of all of them that can be asked."""
