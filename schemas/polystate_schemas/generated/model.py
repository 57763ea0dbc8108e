# mypy: ignore-errors
from __future__ import annotations

import re
import sys
from datetime import (
    date,
    datetime,
    time
)
from decimal import Decimal
from enum import Enum
from typing import (
    Any,
    ClassVar,
    Literal,
    Optional,
    Union
)

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    conlist,
    field_validator,
    model_serializer
)


metamodel_version = "1.12.0"
version = "None"


class ConfiguredBaseModel(BaseModel):
    model_config = ConfigDict(
        serialize_by_alias = True,
        validate_by_name = True,
        validate_assignment = True,
        validate_default = True,
        extra = "allow",
        arbitrary_types_allowed = True,
        use_enum_values = True,
        strict = False,
    )





class LinkMLMeta(RootModel):
    root: dict[str, Any] = {}
    model_config = ConfigDict(frozen=True)

    def __getattr__(self, key:str):
        return getattr(self.root, key)

    def __getitem__(self, key:str):
        return self.root[key]

    def __setitem__(self, key:str, value):
        self.root[key] = value

    def __contains__(self, key:str) -> bool:
        return key in self.root


linkml_meta = None

class Level(str, Enum):
    """
    A level of the hierarchy; `deposition` has one label, row 0.
    """
    deposition = "deposition"
    entity = "entity"
    chain = "chain"
    residue = "residue"
    atom = "atom"


class LengthUnit(str, Enum):
    """
    Unit of the coordinates of an artifact; in the store coordinates are always ångström.
    """
    angstrom = "angstrom"
    """
    1 Å
    """
    nanometer = "nanometer"
    """
    10 Å
    """
    picometer = "picometer"
    """
    0.01 Å
    """
    bohr = "bohr"
    """
    0.529177210903 Å (CODATA 2018)
    """


class Venue(str, Enum):
    """
    Where the body of an operator lives.
    """
    registry = "registry"
    """
    The registry entry is the body.
    """
    inline = "inline"
    """
    Bytes under operators/<id> of the same deposition.
    """
    external = "external"
    """
    An artifact outside the deposition, named by uri.
    """


class ChildLevel(str, Enum):
    """
    The level whose rows a grouping maps.
    """
    entity = "entity"
    chain = "chain"
    residue = "residue"
    atom = "atom"


class Regime(str, Enum):
    discrete = "discrete"
    """
    A finite set of states a site, of which one holds.
    """
    trajectory = "trajectory"
    """
    Coordinates along a sample axis.
    """
    continuous = "continuous"
    """
    A distribution or motion with real parameters.
    """


class Mode(str, Enum):
    """
    How the numbers are stored.
    """
    A = "A"
    """
    Full enumeration.
    """
    B = "B"
    """
    Sparse deltas from x_ref.
    """
    C = "C"
    """
    Operator plus inputs.
    """


class SignalType(str, Enum):
    categorical_state = "categorical_state"
    gaussian_disorder = "gaussian_disorder"
    deterministic_displacement = "deterministic_displacement"
    coordinates = "coordinates"
    """
    The descriptor is absolute: it replaces x_ref as the base of its atoms.
    """
    unknown = "unknown"


class Algebra(str, Enum):
    """
    How a descriptor composes with the others; a closed list.
    """
    independent = "independent"
    """
    Its states combine freely with those of others.
    """
    nested_under = "nested_under"
    """
    Its states exist only where a condition on a parent variable holds.
    """
    additive_covariance = "additive_covariance"
    """
    Its U is added to U_total.
    """
    additive_displacement = "additive_displacement"
    """
    Its displacement is added to the mean.
    """


class BroadcastPolicy(str, Enum):
    """
    What a descriptor without the iterated axis does at each step.
    """
    sample_per_step = "sample_per_step"
    """
    The draw of a step uses its U.
    """
    mean = "mean"
    """
    It adds nothing to the draw of a step.
    """


class AdpContent(str, Enum):
    total = "total"
    """
    U holds all disorder of the atom; legal only where no other Gaussian descriptor covers it.
    """
    residual = "residual"
    """
    U is what the other Gaussian descriptors leave over.
    """
    unknown = "unknown"
    """
    Not stated by the source; summed with a warning.
    """


class ActsAs(str, Enum):
    displacement = "displacement"
    """
    R(x_ref - o) + o + t - x_ref is added.
    """
    transform = "transform"
    """
    x and U are transformed after all sums.
    """


class AtomIdentityKind(str, Enum):
    exact = "exact"
    """
    The atoms named are atoms of the deposition.
    """
    superset = "superset"
    """
    More atoms than the scope's may be named; those outside it are not read.
    """
    mapped = "mapped"
    """
    The table atom_map takes the ids used here (old) to those of the deposition (new).
    """


class OffsetKind(str, Enum):
    none = "none"
    translation = "translation"
    rigid = "rigid"


class PopulationSource(str, Enum):
    fit = "fit"
    restraint = "restraint"
    assertion = "assertion"
    measured = "measured"
    unknown = "unknown"


class EntryStatus(str, Enum):
    draft = "draft"
    """
    May change, and its hash with it.
    """
    published = "published"
    """
    Frozen; a correction is a new version.
    """
    deprecated = "deprecated"
    """
    Published, and advised against; its hash holds.
    """


class DataType(str, Enum):
    """
    Names of Zarr data types, and text.
    """
    int8 = "int8"
    int16 = "int16"
    int32 = "int32"
    int64 = "int64"
    uint8 = "uint8"
    uint16 = "uint16"
    uint32 = "uint32"
    uint64 = "uint64"
    float32 = "float32"
    float64 = "float64"
    text = "text"


class ParameterType(str, Enum):
    number = "number"
    integer = "integer"
    text = "text"
    boolean = "boolean"
    list = "list"
    object = "object"


class TimeUnit(str, Enum):
    fs = "fs"
    ps = "ps"
    ns = "ns"
    us = "us"
    ms = "ms"
    s = "s"


class EnergyUnit(str, Enum):
    kJSOLIDUSmol = "kJ/mol"
    kcalSOLIDUSmol = "kcal/mol"
    eV = "eV"
    hartree = "hartree"


class ProvenanceKind(str, Enum):
    fit = "fit"
    """
    Numbers minimise an objective; software, method, target and input digest are required, and convergence or certificate.
    """
    import_ = "import"
    """
    Read from a file of another format.
    """
    conversion = "conversion"
    """
    The same content in another mode or version.
    """
    derivation = "derivation"
    """
    Computed from other descriptors.
    """
    assertion = "assertion"
    """
    Written by a person.
    """


class SelectorTarget(str, Enum):
    deposition = "deposition"
    atoms = "atoms"
    labels = "labels"
    descriptor = "descriptor"
    state = "state"
    axis = "axis"



class Deposition(ConfiguredBaseModel):
    """
    Attributes of the root group.
    """
    format_version: str = Field(default=..., description="""Version of the specification. A reader refuses an unknown major.""")
    title: Optional[str] = Field(default=None)
    entry: Optional[Entry] = Field(default=None)
    source: Optional[Source] = Field(default=None)
    supersedes: Optional[list[Superseded]] = Field(default=None, description="""What it takes the place of, from the latest on.""")


class Entry(ConfiguredBaseModel):
    """
    The entry of an archive that the deposition was made from.
    """
    id: str = Field(default=..., description="""e.g. 6VXX""")
    method: Optional[str] = Field(default=None, description="""e.g. ELECTRON MICROSCOPY""")
    resolution: Optional[float] = Field(default=None)


class Superseded(ConfiguredBaseModel):
    """
    An earlier deposition that this one takes the place of.
    """
    digest: str = Field(default=..., description="""Its content digest.""")
    title: Optional[str] = Field(default=None)
    entry: Optional[str] = Field(default=None, description="""The id of its entry, e.g. 6VXX""")


class Source(ConfiguredBaseModel):
    """
    The file that the deposition was made from.
    """
    name: Optional[str] = Field(default=None)
    format: Optional[str] = Field(default=None)
    sha256: Optional[str] = Field(default=None)
    uri: Optional[str] = Field(default=None)
    licence: Optional[str] = Field(default=None)

    @field_validator('uri')
    def pattern_uri(cls, v):
        pattern=re.compile(r"^[^\s]+$")
        if isinstance(v, list):
            for element in v:
                if isinstance(element, str) and not pattern.search(element):
                    err_msg = f"Invalid uri format: {element}"
                    raise ValueError(err_msg)
        elif isinstance(v, str) and not pattern.search(v):
            err_msg = f"Invalid uri format: {v}"
            raise ValueError(err_msg)
        return v


class OpenObject(ConfiguredBaseModel):
    """
    A JSON object with keys of its author.
    """
    pass


class Scope(ConfiguredBaseModel):
    """
    What the labels of a descriptor are; exactly one of a grouping and a level of the hierarchy.
    """
    grouping: Optional[str] = Field(default=None, description="""A partition of the atoms it covers.""")
    level: Optional[Level] = Field(default=None, description="""The nodes of one level of the hierarchy; row = label.""")


class OperatorReference(ConfiguredBaseModel):
    """
    An operator, pinned by hash.
    """
    id: str = Field(default=..., description="""The registry entry that says what the operator means.""")
    venue: Venue = Field(default=...)
    hash: str = Field(default=..., description="""Content hash of the registry entry, in every venue; a body has a hash of its own.""")
    uri: Optional[str] = Field(default=None, description="""Venue inline: operators/<id> in this deposition. Venue external: the uri of the artifact.""")
    parameters: Optional[OpenObject] = Field(default=None, description="""Values for parameters of the signature; what is not given takes the entry's default.""")

    @field_validator('uri')
    def pattern_uri(cls, v):
        pattern=re.compile(r"^[^\s]+$")
        if isinstance(v, list):
            for element in v:
                if isinstance(element, str) and not pattern.search(element):
                    err_msg = f"Invalid uri format: {element}"
                    raise ValueError(err_msg)
        elif isinstance(v, str) and not pattern.search(v):
            err_msg = f"Invalid uri format: {v}"
            raise ValueError(err_msg)
        return v


class Artifact(ConfiguredBaseModel):
    """
    Data outside the deposition.
    """
    uri: str = Field(default=..., description="""`file:` without a leading slash is relative to the folder that holds the deposition.""")
    sha256: str = Field(default=..., description="""Of the file; of a folder: of the lines `path TAB sha256(file) LF` of all its files in byte order of path.""")
    unit: Optional[LengthUnit] = Field(default=None, description="""Of its coordinates; an external reference has one.""")
    dataset: Optional[str] = Field(default=None, description="""Path inside the artifact, e.g. particles/protein.""")
    media_type: Optional[str] = Field(default=None)
    size: Optional[int] = Field(default=None, description="""Bytes.""", ge=0)

    @field_validator('uri')
    def pattern_uri(cls, v):
        pattern=re.compile(r"^[^\s]+$")
        if isinstance(v, list):
            for element in v:
                if isinstance(element, str) and not pattern.search(element):
                    err_msg = f"Invalid uri format: {element}"
                    raise ValueError(err_msg)
        elif isinstance(v, str) and not pattern.search(v):
            err_msg = f"Invalid uri format: {v}"
            raise ValueError(err_msg)
        return v


class Hierarchy(ConfiguredBaseModel):
    """
    Attributes of the group hierarchy.
    """
    cell: Optional[Cell] = Field(default=None)
    space_group: Optional[str] = Field(default=None, description="""Hermann-Mauguin symbol with spaces, e.g. P 21 21 21.""")

    @field_validator('space_group')
    def pattern_space_group(cls, v):
        pattern=re.compile(r"^[PABCFIRH] \S.*$")
        if isinstance(v, list):
            for element in v:
                if isinstance(element, str) and not pattern.search(element):
                    err_msg = f"Invalid space_group format: {element}"
                    raise ValueError(err_msg)
        elif isinstance(v, str) and not pattern.search(v):
            err_msg = f"Invalid space_group format: {v}"
            raise ValueError(err_msg)
        return v


class Cell(ConfiguredBaseModel):
    """
    The unit cell.
    """
    a: float = Field(default=...)
    b: float = Field(default=...)
    c: float = Field(default=...)
    alpha: float = Field(default=...)
    beta: float = Field(default=...)
    gamma: float = Field(default=...)


class Atoms(ConfiguredBaseModel):
    """
    Attributes of hierarchy/atoms.
    """
    vocabularies: AtomsVocabularies = Field(default=...)


class AtomsVocabularies(ConfiguredBaseModel):
    """
    Texts sorted by UTF-8 bytes, each in use; a column holds the position of its text.
    """
    name: list[str] = Field(default=...)


class Residues(ConfiguredBaseModel):
    """
    Attributes of hierarchy/residues.
    """
    vocabularies: ResiduesVocabularies = Field(default=...)


class ResiduesVocabularies(ConfiguredBaseModel):
    """
    Texts sorted by UTF-8 bytes, each in use.
    """
    comp: list[str] = Field(default=...)
    ins: list[str] = Field(default=...)


class Chains(ConfiguredBaseModel):
    """
    Attributes of hierarchy/chains.
    """
    vocabularies: ChainsVocabularies = Field(default=...)


class ChainsVocabularies(ConfiguredBaseModel):
    """
    Texts sorted by UTF-8 bytes, each in use.
    """
    label_asym: list[str] = Field(default=...)
    auth_asym: list[str] = Field(default=...)


class Entities(ConfiguredBaseModel):
    """
    Attributes of hierarchy/entities.
    """
    vocabularies: EntitiesVocabularies = Field(default=...)


class EntitiesVocabularies(ConfiguredBaseModel):
    """
    Texts sorted by UTF-8 bytes, each in use.
    """
    type: list[str] = Field(default=...)
    description: list[str] = Field(default=...)
    sequence: list[str] = Field(default=...)


class Bonds(ConfiguredBaseModel):
    """
    Attributes of hierarchy/bonds.
    """
    pass


class Assembly(ConfiguredBaseModel):
    """
    Attributes of hierarchy/assemblies/<id>.
    """
    name: Optional[str] = Field(default=None)
    details: Optional[str] = Field(default=None)


class Ncs(ConfiguredBaseModel):
    """
    Attributes of hierarchy/ncs.
    """
    given: list[bool] = Field(default=..., description="""One an operator; true if the copy it makes is already among the atoms.""")


class Reference(ConfiguredBaseModel):
    """
    Attributes of the group reference.
    """
    frame: Optional[str] = Field(default=None, description="""Name of the frame of x_ref; descriptors fitted in another frame carry an offset. Default `deposition`.""")


class Grouping(ConfiguredBaseModel):
    """
    Attributes of groupings/<namespace>/v<n>.
    """
    kind: str = Field(default=..., description="""`partition` and `heterogeneity_scope`: a child has at most one label. Other kinds (`curatorial`, `coarse_grain`, `soft_membership`, ...) are kept.""")
    child_level: ChildLevel = Field(default=...)
    labels: Optional[list[str]] = Field(default=None, description="""Names of the labels, by row; absent where the array `label` names nodes of the hierarchy.""")
    label_level: Optional[ChildLevel] = Field(default=None, description="""Level that the array `label` points into.""")
    weight_role: Optional[str] = Field(default=None, description="""What the weights are, e.g. projection_coefficient or membership.""")
    title: Optional[str] = Field(default=None)


class Descriptor(ConfiguredBaseModel):
    """
    Attributes of descriptors/<id>.
    """
    id: str = Field(default=..., description="""The name of the group.""")
    title: Optional[str] = Field(default=None)
    regime: Regime = Field(default=..., description="""What kind of variation it is.""")
    mode: Mode = Field(default=..., description="""How its numbers are stored.""")
    scope: Scope = Field(default=..., description="""What its labels are.""")
    signal_type: SignalType = Field(default=..., description="""What its numbers are.""")
    algebra: Algebra = Field(default=..., description="""How it composes with the others.""")
    operator: Optional[OperatorReference] = Field(default=None, description="""Mode C only.""")
    sample_axis: Optional[str] = Field(default=None, description="""Axis that the leading dimension of the payload runs over; none = broadcast.""")
    state_axis: Optional[str] = Field(default=None, description="""Axis whose steps are the states of a discrete descriptor (a bundle of models).""")
    broadcast_policy: Optional[BroadcastPolicy] = Field(default=None, description="""The operator's default unless given.""")
    reference: Optional[ReferenceFrame] = Field(default=None, description="""The reference it was made against.""")
    atom_identity: Optional[AtomIdentity] = Field(default=None, description="""exact unless given.""")
    adp_content: Optional[AdpContent] = Field(default=None, description="""residual unless given.""")
    acts_as: Optional[ActsAs] = Field(default=None, description="""displacement unless given.""")
    active_when: Optional[int] = Field(default=None, description="""The condition under which the whole descriptor acts; -1 (always) unless given.""", ge=-1)
    normalised: Optional[bool] = Field(default=None, description="""False where TLS records were kept as deposited; true unless given.""")
    artifact: Optional[Artifact] = Field(default=None, description="""Data or a body outside the deposition.""")
    derived_from: Optional[DerivedFrom] = Field(default=None, description="""The function that made it from others.""")
    provenance: Optional[str] = Field(default=None, description="""Block under provenance/.""")


class ReferenceFrame(ConfiguredBaseModel):
    """
    What the descriptor was made against, and how that maps to the deposition.
    """
    hash: str = Field(default=..., description="""Of the float64 x_ref of the scope's atoms in ascending atom_id.""")
    frame: str = Field(default=..., description="""Name of the frame that its numbers are in.""")
    offset: Optional[Offset] = Field(default=None, description="""From that frame to the deposition's: p' = R p + d.""")


class Offset(ConfiguredBaseModel):
    """
    From the descriptor's frame to the deposition's: p' = R p + d.
    """
    kind: OffsetKind = Field(default=...)
    rotation: Optional[conlist(min_length=3, max_length=3, item_type=conlist(min_length=3, max_length=3, item_type=float))] = Field(default=None, description="""R, rows first; a proper rotation.""")
    translation: Optional[conlist(min_length=3, max_length=3, item_type=float)] = Field(default=None, description="""d""")


class AtomIdentity(ConfiguredBaseModel):
    """
    How the atoms that the descriptor names relate to those of the deposition.
    """
    kind: AtomIdentityKind = Field(default=...)


class DerivedFrom(ConfiguredBaseModel):
    """
    The function that made the descriptor from others; exactly one of operator and pipeline.
    """
    operator: Optional[OperatorReference] = Field(default=None, description="""Regenerable: the payload may be absent.""")
    pipeline: Optional[Pipeline] = Field(default=None, description="""Materialized only: the payload is present.""")
    inputs: list[DerivedInput] = Field(default=..., min_length=1)


class Pipeline(ConfiguredBaseModel):
    """
    A named program.
    """
    name: str = Field(default=...)
    version: str = Field(default=...)
    parameters: Optional[OpenObject] = Field(default=None)


class DerivedInput(ConfiguredBaseModel):
    """
    A part of the store, and its digest when what names it was made; another digest now makes that stale.
    """
    path: str = Field(default=..., description="""Path in the store, e.g. descriptors/altloc.""")
    hash: str = Field(default=..., description="""Digest of the subtree at path.""")

    @field_validator('path')
    def pattern_path(cls, v):
        pattern=re.compile(r"^[a-z0-9][a-z0-9_.-]*(/[a-z0-9][a-z0-9_.-]*)*$")
        if isinstance(v, list):
            for element in v:
                if isinstance(element, str) and not pattern.search(element):
                    err_msg = f"Invalid path format: {element}"
                    raise ValueError(err_msg)
        elif isinstance(v, str) and not pattern.search(v):
            err_msg = f"Invalid path format: {v}"
            raise ValueError(err_msg)
        return v


class Landmarks(ConfiguredBaseModel):
    """
    Attributes of landmarks/<descriptor>; named points that make a continuous descriptor discrete.
    """
    descriptor: str = Field(default=...)
    variable: str = Field(default=..., description="""The array of the descriptor that the points are values of, e.g. latent or coefficients.""")
    labels: list[str] = Field(default=..., description="""Names of the landmarks, by row.""")
    assignment: OperatorReference = Field(default=...)
    provenance: Optional[str] = Field(default=None, description="""Block under provenance/.""")


class OperatorBody(ConfiguredBaseModel):
    """
    Attributes of operators/<id>.
    """
    media_type: str = Field(default=...)
    sha256: str = Field(default=..., description="""Of the bytes of the body.""")
    entry: Optional[OperatorEntry] = Field(default=None, description="""What the body computes, as the registry says it of its operators.""")
    vectors: Optional[list[OperatorVector]] = Field(default=None, description="""Test vectors of the body; beside an entry.""")


class OperatorEntry(ConfiguredBaseModel):
    """
    A registry entry. The content hash is the SHA-256 of the RFC 8785 form of all keys but latex.
    """
    id: str = Field(default=...)
    algebra: Algebra = Field(default=...)
    signature: Signature = Field(default=...)
    formula: Formula = Field(default=...)
    defaults: OpenObject = Field(default=..., description="""Values of parameters and policies that a descriptor does not set.""")
    latex: str = Field(default=..., description="""The formula for print; what counts is its text.""")


class RegistryLock(ConfiguredBaseModel):
    """
    registry.lock.json, which holds what is no meaning of an operator, and what is frozen.
    """
    lock_version: int = Field(default=...    , le=2, ge=2)
    operators: list[LockRow] = Field(default=...)


class LockRow(ConfiguredBaseModel):
    id: str = Field(default=...)
    status: EntryStatus = Field(default=...)
    since: str = Field(default=..., description="""First version of the format with this entry.""")
    hash: Optional[str] = Field(default=None, description="""Its content hash when it was published.""")
    vectors: Optional[OpenObject] = Field(default=None, description="""Hashes of the vectors that it was published with, by name.""")
    published: Optional[str] = Field(default=None)
    deprecated: Optional[str] = Field(default=None)
    superseded_by: Optional[str] = Field(default=None)

    @field_validator('published')
    def pattern_published(cls, v):
        pattern=re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
        if isinstance(v, list):
            for element in v:
                if isinstance(element, str) and not pattern.search(element):
                    err_msg = f"Invalid published format: {element}"
                    raise ValueError(err_msg)
        elif isinstance(v, str) and not pattern.search(v):
            err_msg = f"Invalid published format: {v}"
            raise ValueError(err_msg)
        return v

    @field_validator('deprecated')
    def pattern_deprecated(cls, v):
        pattern=re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
        if isinstance(v, list):
            for element in v:
                if isinstance(element, str) and not pattern.search(element):
                    err_msg = f"Invalid deprecated format: {element}"
                    raise ValueError(err_msg)
        elif isinstance(v, str) and not pattern.search(v):
            err_msg = f"Invalid deprecated format: {v}"
            raise ValueError(err_msg)
        return v


class Signature(ConfiguredBaseModel):
    body: Optional[BodySignature] = Field(default=None, description="""What the operator runs or reads; without it, the formula is all.""")
    inputs: list[ArraySignature] = Field(default=...)
    parameters: list[ParameterSignature] = Field(default=...)
    outputs: list[ArraySignature] = Field(default=...)


class BodySignature(ConfiguredBaseModel):
    media_types: list[str] = Field(default=...)
    runs_code: bool = Field(default=..., description="""True if evaluating the body can run code of its author.""")
    description: str = Field(default=...)


class ArraySignature(ConfiguredBaseModel):
    name: str = Field(default=..., description="""<n> stands for 0, 1, 2, ...""")
    dtype: DataType = Field(default=...)
    shape: list[Any] = Field(default=..., description="""Names of dimensions, and numbers.""")
    unit: str = Field(default=..., description="""Å, Å², 1, ...; 1 is dimensionless.""")
    optional: Optional[bool] = Field(default=None, description="""True if the array may be left out.""")
    description: str = Field(default=...)

    @field_validator('name')
    def pattern_name(cls, v):
        pattern=re.compile(r"^[a-z][a-z0-9_]*(<n>)?$")
        if isinstance(v, list):
            for element in v:
                if isinstance(element, str) and not pattern.search(element):
                    err_msg = f"Invalid name format: {element}"
                    raise ValueError(err_msg)
        elif isinstance(v, str) and not pattern.search(v):
            err_msg = f"Invalid name format: {v}"
            raise ValueError(err_msg)
        return v


class ParameterSignature(ConfiguredBaseModel):
    name: str = Field(default=...)
    type: ParameterType = Field(default=...)
    unit: str = Field(default=...)
    allowed: Optional[list[Any]] = Field(default=None, description="""The only values.""")
    taken_from: Optional[str] = Field(default=None, description="""Key of the descriptor document that holds the value; then it is not given in operator.parameters.""")
    description: str = Field(default=...)

    @field_validator('name')
    def pattern_name(cls, v):
        pattern=re.compile(r"^[a-z][a-z0-9_]*$")
        if isinstance(v, list):
            for element in v:
                if isinstance(element, str) and not pattern.search(element):
                    err_msg = f"Invalid name format: {element}"
                    raise ValueError(err_msg)
        elif isinstance(v, str) and not pattern.search(v):
            err_msg = f"Invalid name format: {v}"
            raise ValueError(err_msg)
        return v

    @field_validator('taken_from')
    def pattern_taken_from(cls, v):
        pattern=re.compile(r"^[a-z_]+([.][a-z_]+)*$")
        if isinstance(v, list):
            for element in v:
                if isinstance(element, str) and not pattern.search(element):
                    err_msg = f"Invalid taken_from format: {element}"
                    raise ValueError(err_msg)
        elif isinstance(v, str) and not pattern.search(v):
            err_msg = f"Invalid taken_from format: {v}"
            raise ValueError(err_msg)
        return v


class Formula(ConfiguredBaseModel):
    text: str = Field(default=..., description="""Complete: an implementation needs nothing else.""")


class OperatorVectors(ConfiguredBaseModel):
    """
    Test vectors beside a registry entry; they have a hash of their own.
    """
    operator: str = Field(default=...)
    reason: Optional[str] = Field(default=None, description="""Why there are none.""")
    vectors: list[OperatorVector] = Field(default=...)


class OperatorVector(ConfiguredBaseModel):
    name: str = Field(default=...)
    title: str = Field(default=..., description="""The fact that it shows.""")
    inputs: OpenObject = Field(default=...)
    parameters: OpenObject = Field(default=...)
    expected: OpenObject = Field(default=...)
    abs: float = Field(default=..., description="""Absolute tolerance in the unit of the output.""", ge=0)
    rel: float = Field(default=..., ge=0)
    origin: str = Field(default=..., description="""How the expected numbers were obtained; never the evaluator under test.""")

    @field_validator('name')
    def pattern_name(cls, v):
        pattern=re.compile(r"^[a-z0-9][a-z0-9_-]*$")
        if isinstance(v, list):
            for element in v:
                if isinstance(element, str) and not pattern.search(element):
                    err_msg = f"Invalid name format: {element}"
                    raise ValueError(err_msg)
        elif isinstance(v, str) and not pattern.search(v):
            err_msg = f"Invalid name format: {v}"
            raise ValueError(err_msg)
        return v


class Axis(ConfiguredBaseModel):
    """
    Attributes of axes/<name>.
    """
    length: int = Field(default=..., description="""Number of steps.""", ge=1)
    unit: Optional[TimeUnit] = Field(default=None, description="""Unit of the array time. Default ps.""")
    energy_unit: Optional[EnergyUnit] = Field(default=None, description="""Unit of the array energy. Default kJ/mol.""")
    title: Optional[str] = Field(default=None)


class Provenance(ConfiguredBaseModel):
    """
    Attributes of provenance/<id>; a fit has one block a stack.
    """
    kind: ProvenanceKind = Field(default=...)
    software: Optional[list[Software]] = Field(default=None, min_length=1)
    created: Optional[str] = Field(default=None)
    inputs: Optional[list[InputFile]] = Field(default=None)
    input_digest: Optional[str] = Field(default=None, description="""Of everything the fit read, as the software defines it.""")
    describes: Optional[list[DerivedInput]] = Field(default=None, description="""What the block speaks of, and its digest then; another digest now makes the block stale.""")
    stack: Optional[list[str]] = Field(default=None, description="""Ids of the descriptors of the stack, from the largest level to the smallest.""")
    method: Optional[Method] = Field(default=None)
    target: Optional[Target] = Field(default=None)
    weights: Optional[Weights] = Field(default=None)
    regularizer: Optional[Regularizer] = Field(default=None)
    seed: Optional[str] = Field(default=None)
    wall_time_s: Optional[float] = Field(default=None, ge=0)
    convergence: Optional[Convergence] = Field(default=None)
    certificate: Optional[Certificate] = Field(default=None)
    path: Optional[list[PathStep]] = Field(default=None, description="""One row a step of the penalty path.""")
    levels: Optional[list[LevelSummary]] = Field(default=None)
    excluded: Optional[list[int]] = Field(default=None, description="""atom_id of atoms left out.""")
    choices: Optional[OpenObject] = Field(default=None, description="""Policies applied, e.g. altloc: occupancy.""")
    departures: Optional[list[str]] = Field(default=None, description="""Where the method differs from its publication.""")
    losses: Optional[list[OpenObject]] = Field(default=None, description="""What the source had and the deposition has not.""")
    citation: Optional[list[str]] = Field(default=None, description="""DOI or text.""")
    note: Optional[str] = Field(default=None)


class Software(ConfiguredBaseModel):
    name: str = Field(default=...)
    version: str = Field(default=...)
    uri: Optional[str] = Field(default=None)

    @field_validator('uri')
    def pattern_uri(cls, v):
        pattern=re.compile(r"^[^\s]+$")
        if isinstance(v, list):
            for element in v:
                if isinstance(element, str) and not pattern.search(element):
                    err_msg = f"Invalid uri format: {element}"
                    raise ValueError(err_msg)
        elif isinstance(v, str) and not pattern.search(v):
            err_msg = f"Invalid uri format: {v}"
            raise ValueError(err_msg)
        return v


class InputFile(ConfiguredBaseModel):
    name: str = Field(default=...)
    sha256: str = Field(default=...)
    format: Optional[str] = Field(default=None)
    uri: Optional[str] = Field(default=None)
    licence: Optional[str] = Field(default=None)

    @field_validator('uri')
    def pattern_uri(cls, v):
        pattern=re.compile(r"^[^\s]+$")
        if isinstance(v, list):
            for element in v:
                if isinstance(element, str) and not pattern.search(element):
                    err_msg = f"Invalid uri format: {element}"
                    raise ValueError(err_msg)
        elif isinstance(v, str) and not pattern.search(v):
            err_msg = f"Invalid uri format: {v}"
            raise ValueError(err_msg)
        return v


class Method(ConfiguredBaseModel):
    name: str = Field(default=..., description="""e.g. echt: convex hierarchical TLS fit""")
    version: Optional[str] = Field(default=None)
    backend: Optional[str] = Field(default=None)
    parameters: Optional[OpenObject] = Field(default=None, description="""Every number that the result depends on.""")


class Target(ConfiguredBaseModel):
    """
    What was fitted.
    """
    name: str = Field(default=..., description="""e.g. isotropic B-factors""")
    atoms: Optional[int] = Field(default=None, ge=0)
    norm: Optional[str] = Field(default=None, description="""e.g. Frobenius""")


class Weights(ConfiguredBaseModel):
    name: str = Field(default=..., description="""e.g. inverse of Tr U / 3, mean 1""")
    parameters: Optional[OpenObject] = Field(default=None)


class Regularizer(ConfiguredBaseModel):
    """
    F = data + alpha (sum of amplitudes) + beta (sum of squared amplitudes) + epsilon (squared shape).
    """
    name: str = Field(default=...)
    omega: Optional[float] = Field(default=None, ge=0)
    alpha: Optional[float] = Field(default=None, ge=0)
    beta: Optional[float] = Field(default=None, ge=0)
    gamma: Optional[float] = Field(default=None, description="""alpha = gamma omega, beta = (1 - gamma) omega.""", ge=0, le=1)
    delta: Optional[float] = Field(default=None, description="""Factor from step to step of the path.""", ge=0, le=1)
    epsilon: Optional[float] = Field(default=None, ge=0)


class Convergence(ConfiguredBaseModel):
    converged: bool = Field(default=...)
    iterations: Optional[int] = Field(default=None, ge=0)
    criterion: Optional[str] = Field(default=None)
    value: Optional[float] = Field(default=None)
    tolerance: Optional[float] = Field(default=None, ge=0)


class Certificate(ConfiguredBaseModel):
    """
    A bound below the minimum that whoever has the input can check.
    """
    objective: float = Field(default=..., description="""F at the stored numbers.""")
    bound: float = Field(default=..., description="""A dual bound on the minimum.""")
    relative_gap: float = Field(default=..., description="""(objective - bound) / objective.""", ge=0)
    objective_with_epsilon: Optional[float] = Field(default=None, description="""F with the term that makes the shapes of groups unique; it is what was minimised.""")
    bound_with_epsilon: Optional[float] = Field(default=None, description="""A dual bound on the minimum of that objective.""")


class PathStep(ConfiguredBaseModel):
    n: int = Field(default=..., ge=1)
    omega_alpha: float = Field(default=..., ge=0)
    objective: float = Field(default=...)
    bound: Optional[float] = Field(default=None)
    residual_rms_b: Optional[float] = Field(default=None, ge=0)
    mean_b: Optional[OpenObject] = Field(default=None, description="""Level to mean B in Å².""")


class LevelSummary(ConfiguredBaseModel):
    name: str = Field(default=...)
    descriptor: str = Field(default=...)
    groups: Optional[int] = Field(default=None, ge=0)
    mean_b: Optional[float] = Field(default=None)
    share: Optional[float] = Field(default=None)
    share_bound: Optional[float] = Field(default=None, description="""How far the share can be off by the certificate.""", ge=0)


class AnnotationSet(ConfiguredBaseModel):
    """
    Attributes of annotations/<namespace>.
    """
    vocabulary: Optional[str] = Field(default=None, description="""URI of the document that says what the bodies mean.""")
    version: Optional[str] = Field(default=None)
    items: list[Annotation] = Field(default=...)

    @field_validator('vocabulary')
    def pattern_vocabulary(cls, v):
        pattern=re.compile(r"^[^\s]+$")
        if isinstance(v, list):
            for element in v:
                if isinstance(element, str) and not pattern.search(element):
                    err_msg = f"Invalid vocabulary format: {element}"
                    raise ValueError(err_msg)
        elif isinstance(v, str) and not pattern.search(v):
            err_msg = f"Invalid vocabulary format: {v}"
            raise ValueError(err_msg)
        return v


class Annotation(ConfiguredBaseModel):
    id: Optional[str] = Field(default=None, description="""A name to refer to it by.""")
    selector: Selector = Field(default=...)
    body: Any = Field(default=..., description="""Any JSON value.""")
    provenance: Optional[str] = Field(default=None, description="""Name of a block under provenance/.""")


class Selector(ConfiguredBaseModel):
    """
    What an annotation is about.
    """
    target: SelectorTarget = Field(default=...)
    atoms: Optional[list[int]] = Field(default=None, description="""atom_id""", ge=0, le=4294967295)
    scope: Optional[Scope] = Field(default=None)
    labels: Optional[list[int]] = Field(default=None, description="""Labels of the scope; all of them if absent.""", ge=0)
    descriptor: Optional[str] = Field(default=None)
    site: Optional[int] = Field(default=None, ge=0)
    state: Optional[int] = Field(default=None, ge=0)
    axis: Optional[str] = Field(default=None)
    steps: Optional[list[int]] = Field(default=None, description="""Steps of the axis; all of them if absent.""", ge=0)


class TextDeposition(ConfiguredBaseModel):
    """
    A deposition as YAML 1.2 or JSON; unknown keys go into the root document.
    """
    format_version: Optional[Any] = Field(default=None)
    hierarchy: Optional[TextHierarchy] = Field(default=None)
    reference: Optional[TextReference] = Field(default=None)
    groupings: Optional[TextGroups] = Field(default=None, description="""<namespace>/v<n> to attributes, child, parent, weight, label.""")
    axes: Optional[TextGroups] = Field(default=None)
    descriptors: Optional[TextDescriptors] = Field(default=None)
    operators: Optional[TextBodies] = Field(default=None)
    provenance: Optional[TextDocuments] = Field(default=None)
    annotations: Optional[TextDocuments] = Field(default=None)
    landmarks: Optional[TextGroups] = Field(default=None)


class TextHierarchy(ConfiguredBaseModel):
    """
    Tables with text columns written as text; other keys go into the attributes of the group.
    """
    atoms: Optional[TextTable] = Field(default=None)
    residues: Optional[TextTable] = Field(default=None)
    chains: Optional[TextTable] = Field(default=None)
    entities: Optional[TextTable] = Field(default=None)
    bonds: Optional[TextTable] = Field(default=None)
    assemblies: Optional[TextGroups] = Field(default=None)
    ncs: Optional[OpenObject] = Field(default=None)


class TextReference(ConfiguredBaseModel):
    """
    `x_ref`, other keys go into the attributes of the group.
    """
    x_ref: Optional[Any] = Field(default=None)


class TextTable(ConfiguredBaseModel):
    """
    Column to values.
    """
    pass


class TextGroups(ConfiguredBaseModel):
    """
    Name to a group; its keys are arrays or attributes.
    """
    pass


class TextDocuments(ConfiguredBaseModel):
    """
    Name to a document.
    """
    pass


class TextDescriptors(ConfiguredBaseModel):
    """
    Id to a descriptor.
    """
    pass


class TextDescriptor(ConfiguredBaseModel):
    """
    The descriptor document with its payload. `id` defaults to the key, operator.hash and reference.hash to what they are now.
    """
    arrays: Optional[TextTable] = Field(default=None)
    tables: Optional[TextTables] = Field(default=None)


class TextTables(ConfiguredBaseModel):
    """
    Table to columns.
    """
    pass


class TextBodies(ConfiguredBaseModel):
    """
    Id to a body.
    """
    pass


class TextBody(ConfiguredBaseModel):
    """
    The attributes of the group; sha256 is filled in where it is not given.
    """
    media_type: str = Field(default=...)
    body: str = Field(default=..., description="""Base64.""")

    @field_validator('body')
    def pattern_body(cls, v):
        pattern=re.compile(r"^[A-Za-z0-9+/\s]*=?=?\s*$")
        if isinstance(v, list):
            for element in v:
                if isinstance(element, str) and not pattern.search(element):
                    err_msg = f"Invalid body format: {element}"
                    raise ValueError(err_msg)
        elif isinstance(v, str) and not pattern.search(v):
            err_msg = f"Invalid body format: {v}"
            raise ValueError(err_msg)
        return v


class TypedArray(ConfiguredBaseModel):
    """
    Values with their data type; NaN, Infinity and -Infinity are written as text.
    """
    dtype: DataType = Field(default=...)
    data: Any = Field(default=...)


# Model rebuild
# see https://pydantic-docs.helpmanual.io/usage/models/#rebuilding-a-model
Deposition.model_rebuild()
Entry.model_rebuild()
Superseded.model_rebuild()
Source.model_rebuild()
OpenObject.model_rebuild()
Scope.model_rebuild()
OperatorReference.model_rebuild()
Artifact.model_rebuild()
Hierarchy.model_rebuild()
Cell.model_rebuild()
Atoms.model_rebuild()
AtomsVocabularies.model_rebuild()
Residues.model_rebuild()
ResiduesVocabularies.model_rebuild()
Chains.model_rebuild()
ChainsVocabularies.model_rebuild()
Entities.model_rebuild()
EntitiesVocabularies.model_rebuild()
Bonds.model_rebuild()
Assembly.model_rebuild()
Ncs.model_rebuild()
Reference.model_rebuild()
Grouping.model_rebuild()
Descriptor.model_rebuild()
ReferenceFrame.model_rebuild()
Offset.model_rebuild()
AtomIdentity.model_rebuild()
DerivedFrom.model_rebuild()
Pipeline.model_rebuild()
DerivedInput.model_rebuild()
Landmarks.model_rebuild()
OperatorBody.model_rebuild()
OperatorEntry.model_rebuild()
RegistryLock.model_rebuild()
LockRow.model_rebuild()
Signature.model_rebuild()
BodySignature.model_rebuild()
ArraySignature.model_rebuild()
ParameterSignature.model_rebuild()
Formula.model_rebuild()
OperatorVectors.model_rebuild()
OperatorVector.model_rebuild()
Axis.model_rebuild()
Provenance.model_rebuild()
Software.model_rebuild()
InputFile.model_rebuild()
Method.model_rebuild()
Target.model_rebuild()
Weights.model_rebuild()
Regularizer.model_rebuild()
Convergence.model_rebuild()
Certificate.model_rebuild()
PathStep.model_rebuild()
LevelSummary.model_rebuild()
AnnotationSet.model_rebuild()
Annotation.model_rebuild()
Selector.model_rebuild()
TextDeposition.model_rebuild()
TextHierarchy.model_rebuild()
TextReference.model_rebuild()
TextTable.model_rebuild()
TextGroups.model_rebuild()
TextDocuments.model_rebuild()
TextDescriptors.model_rebuild()
TextDescriptor.model_rebuild()
TextTables.model_rebuild()
TextBodies.model_rebuild()
TextBody.model_rebuild()
TypedArray.model_rebuild()
