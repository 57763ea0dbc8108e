"""Polystate: the reference evaluator."""
