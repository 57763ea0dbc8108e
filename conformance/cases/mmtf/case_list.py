"""All cases of the profile `mmtf` in the order of their numbers: new ones go to the end of the last module."""

from __future__ import annotations

import cases_corners
import cases_draft
import cases_encodings
import cases_every_codec
import cases_every_container
import cases_every_draft
import cases_every_field
import cases_every_length
import cases_every_payload
import cases_fields
import cases_golden
import cases_groups
import cases_limits
import cases_members
import cases_rare
import cases_refused_container
import cases_refused_schema
import cases_seconds
import cases_settled
import cases_shapes
import cases_values
from making import CASES, KILLS, Expect, Made

MODULES = (
    cases_encodings,
    cases_fields,
    cases_draft,
    cases_golden,
    cases_refused_container,
    cases_refused_schema,
    cases_corners,
    cases_values,
    cases_limits,
    cases_members,
    cases_groups,
    cases_seconds,
    cases_shapes,
    cases_every_field,
    cases_every_codec,
    cases_every_payload,
    cases_every_length,
    cases_every_container,
    cases_every_draft,
    cases_settled,
    cases_rare,
)
"""Importing them fills CASES; their order is that of the imports below one another."""

__all__ = ["CASES", "Expect", "KILLS", "MODULES", "Made"]
