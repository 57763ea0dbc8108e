"""Generated from linkml/ by polystate_schemas.generate; not edited by hand."""
