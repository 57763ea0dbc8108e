"""The operator registry and the schemas of the Polystate format."""
