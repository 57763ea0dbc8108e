"""The kinds of cases in one table; what a request of each may say stands in the schema of the protocol."""

from __future__ import annotations

from dataclasses import dataclass, field

_DEPOSITION = """\
deposition:
  format_version: "0.1.0"
  hierarchy:
    atoms: {residue: [0, 0], name: [N, CA], element: [N, C]}
    residues: {chain: [0], comp: [ALA], label_seq: [1], auth_seq: [1]}
    chains: {entity: [0], label_asym: [A], auth_asym: [A]}
    entities: {type: [polymer], description: [peptide], sequence: [A]}
  reference: {x_ref: [[0, 0, 0], [1.5, 0, 0]]}
"""
_NUMBERS = '{value: [], abs: 1.0e-12, rel: 1.0e-12, because: "a few roundings of binary64"}'
_RAW, _RECORDS = "raw.mmtf", "raw.pdb"


@dataclass(frozen=True)
class Kind:
    """`template`: a deposition, a request and an expectation to fill in; numbers stay empty until somebody knows them.
    `beside`: files that it names. `writes`: an answer may change the store, so that each case gets one of its own."""

    template: str
    deposition: bool = True
    writes: bool = False
    beside: dict[str, bytes] = field(default_factory=dict)


KINDS = {
    "validate": Kind(_DEPOSITION + "request: {outputs: [valid]}\nexpect:\n  valid: true\n"),
    "describe": Kind(
        _DEPOSITION
        + "request: {outputs: [counts]}\nexpect:\n"
        + "  counts: {atoms: 2, residues: 1, chains: 1, entities: 1, bonds: 0}\n"
    ),
    "evaluate": Kind(_DEPOSITION + f"request: {{outputs: [mean]}}\nexpect:\n  mean: {_NUMBERS}\n"),
    "draw": Kind(_DEPOSITION + f'request: {{outputs: [xyz], seed: "7", index: "0"}}\nexpect:\n  xyz: {_NUMBERS}\n'),
    "moments": Kind(_DEPOSITION + f"request: {{outputs: [mean]}}\nexpect:\n  mean: {_NUMBERS}\n"),
    "round_trip": Kind(_DEPOSITION + 'request: {outputs: [store]}\nexpect:\n  store: {digest: ""}\n', writes=True),
    "decode": Kind(
        f"deposition: {{file: {_RAW}}}\n"
        + "request: {outputs: [groupIdList]}\nexpect:\n  groupIdList: {value: [], dtype: int32}\n",
        beside={_RAW: b"\x80"},  # an empty MessagePack map
    ),
    "operator": Kind(
        "request: {outputs: [u], operator: parametric_gaussian/iadp_v1, inputs: {b: [0.0]}}\n"
        + f"expect:\n  u: {_NUMBERS}\n",
        deposition=False,
    ),
    "import": Kind(
        f"deposition: {{file: {_RECORDS}}}\n"
        + "request: {outputs: [store]}\nexpect:\n"
        + "  store: {asks: [{kind: validate, request: {outputs: [valid]}, expect: {valid: true}}]}\n",
        beside={_RECORDS: b"END\n"},  # without atoms
    ),
    "export": Kind(_DEPOSITION + "request: {outputs: [file], format: pdb}\nexpect:\n  file: {atoms: []}\n"),
}
