"""Wrong readings of arrays and tables that the kind of a descriptor does not have (1.3, 4.8)."""

from __future__ import annotations

from polystate_conformance.selftest.planting import fault
from polystate_conformance.selftest.rewriting import edited


@fault("tables-of-any-kind-read", "polystate.model.descriptor:Descriptor.table", "validate", "discrete")
def _(original):
    """A table is read in the payload of any descriptor, whatever its kind has."""
    return edited("self.group.tables and self._defines(name)", "self.group.tables")(original)


@fault("arrays-of-any-kind-read", "polystate.model.descriptor:Descriptor.has", "validate", "gaussian")
def _(original):
    """An array is read in the payload of any descriptor, whatever its kind has."""
    return edited("self.group.arrays and self._defines(name)", "self.group.arrays")(original)
