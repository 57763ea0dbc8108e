"""What can be wrong with an MMTF file, one class a mistake; `where` names the field.

Stages: `container` while bytes are turned into fields, `schema` when decoded fields do not fit together."""

from __future__ import annotations

from polystate.errors import PolystateError


class MmtfError(PolystateError):
    """An MMTF file (or its JSON form) that is refused."""

    stage = "container"
    code = "mmtf"


class NotMessagePack(MmtfError):
    """The bytes are not one MessagePack map."""

    code = "not-messagepack"


class NotJson(MmtfError):
    """The text is not one JSON object."""

    code = "not-json"


class Truncated(MmtfError):
    """The bytes end inside a value."""

    code = "truncated"


class TooLarge(MmtfError):
    """More values, or deeper nesting, than the stated ceilings allow."""

    code = "too-large"


class NotUtf8(MmtfError):
    """A string is not UTF-8."""

    code = "not-utf8"


class DuplicateField(MmtfError):
    """A map holds one key twice."""

    code = "duplicate-field"


class UnsupportedVersion(MmtfError):
    """mmtfVersion has a major number that this reader does not know."""

    code = "unsupported-version"


class UnsupportedCodec(MmtfError):
    """The codec number in a header is not one of 1 to 16."""

    code = "unsupported-codec"


class BadHeader(MmtfError):
    """A binary field has no complete 12-byte header, or a negative length in it."""

    code = "bad-header"


class BadParameter(MmtfError):
    """The codec parameter (divisor, string length) cannot be used."""

    code = "bad-parameter"


class PayloadSize(MmtfError):
    """The number of payload bytes is not what the codec needs."""

    code = "payload-size"


class LengthMismatch(MmtfError):
    """The payload holds another number of values than the header or the file promises."""

    code = "length-mismatch"


class NegativeRun(MmtfError):
    """A run-length or split-list count is negative."""

    code = "negative-run"


class UnterminatedIndex(MmtfError):
    """A recursive index is at an interval endpoint when the data end."""

    code = "unterminated-index"


class ValueOutOfRange(MmtfError):
    """A decoded or encoded value does not fit its type."""

    code = "value-out-of-range"


class MmtfSchemaError(MmtfError):
    """Decoded fields that do not fit the specification or each other."""

    stage = "schema"
    code = "schema-violation"


class MissingField(MmtfSchemaError):
    """A required field is absent."""

    code = "missing-field"


class WrongType(MmtfSchemaError):
    """A field holds another type than the specification gives it."""

    code = "wrong-type"


class MixedDialect(MmtfSchemaError):
    """Coordinates are present both in the draft's and in the 1.0 form."""

    code = "mixed-dialect"


class WrongLength(MmtfSchemaError):
    """A list has not one entry for each atom, group, chain or bond."""

    code = "wrong-length"


class CountMismatch(MmtfSchemaError):
    """Numbers of models, chains, groups, atoms or bonds do not add up."""

    code = "count-mismatch"


class IndexOutOfRange(MmtfSchemaError):
    """An index points outside the list it refers to."""

    code = "index-out-of-range"


class BadValue(MmtfSchemaError):
    """A value is outside the set the specification allows."""

    code = "bad-value"


class NonFinite(MmtfSchemaError):
    """A number that must be finite is NaN or infinite."""

    code = "non-finite"


class NotRepresentable(MmtfSchemaError):
    """The chosen dialect has no way to write this value."""

    code = "not-representable"
