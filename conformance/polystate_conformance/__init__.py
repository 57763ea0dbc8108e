"""The conformance suite: cases, adapters of implementations, comparison, scores."""
