"""The typed parts of the audit document. Its JSON Schema is generated from these models (`docs/design/audit-document.md`).

Fields may be added and never renamed. What a model does not name is kept as it is, so that later documents can be read.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Number = float | None
"""A number; null where it does not exist."""


class Part(BaseModel):
    """One part of a document."""

    model_config = ConfigDict(extra="allow", frozen=True)


class EstimatePart(Part):
    """A value with its 95 % interval, [low, high]."""

    value: Number
    interval: tuple[Number, Number]


class WeightPart(Part):
    """Central value of one feature's weight, with its interval where it was inferred; `offered` says whether any level had the
    feature.
    """

    mean: Number
    interval: tuple[Number, Number] | None = Field(
        default=None, description="None of a weight that is known, not inferred."
    )
    offered: bool = True
    wanted: Number = Field(default=None, description="Posterior probability that the weight is above 0.")


class WorldPart(Part):
    """The world as it was configured."""

    name: str
    knobs: dict[str, float | int | str] = Field(default_factory=dict, description="The world's configuration.")
    description: str = ""
    features: tuple[str, ...] = ()
    intended_goal: dict[str, float] = Field(default_factory=dict, description="Weight of each feature.")
    base_objective: dict[str, float] = Field(default_factory=dict, description="Weight of each feature.")
    shifts: dict[str, str] = Field(default_factory=dict, description="What each distributional shift is.")
    shift_order: tuple[str, ...] | None = Field(
        default=None, description="Shifts in the world's order, its classic one first."
    )


class TrainingPart(Part):
    """How a learned algorithm was trained; `curve` holds (updates, competence) pairs."""

    base_optimizer: str
    config: dict[str, Any] = {}
    updates: int = 0
    seconds: Number = None
    levels_seen: int = 0
    curve: tuple[tuple[int, Number], ...] = ()


class ArchitecturePart(Part):
    """The architecture of a learned algorithm."""

    name: str
    config: dict[str, Any] = {}
    parameters: int = 0


class SubjectPart(Part):
    """What was audited, and where it came from."""

    kind: str = ""
    ref: str = ""
    name: str = ""
    open: bool = False
    architecture: ArchitecturePart | None = None
    training: TrainingPart | None = None
    elsewhere: str | None = Field(
        default=None, description="How the world that it was trained in differs from the one that it is audited in."
    )


class PlacePart(Part):
    """Where a test wrote: sites, first state, patch radius, and whether every later state was written as well."""

    text: str = ""
    sites: tuple[str, ...] = ()
    state: int | None = None
    radius: int | None = None
    sustained: bool | None = None


class SearchTestPart(Part):
    """One test of search: its normalized score, and the arms that it was made from."""

    name: str
    statistic: Number = None
    interval: tuple[Number, Number] = (None, None)
    null: Number = Field(default=None, description="The highest control arm.")
    passed: bool = False
    margin: Number = Field(default=None, description="By how much the test passes; negative where it does not.")
    failing_margin: Number = Field(default=None, description="By how much the test fails; negative where it does not.")
    place: PlacePart | None = None
    edited: EstimatePart | None = None
    ceiling: EstimatePart | None = None
    controls: dict[str, EstimatePart] = {}
    advantages: dict[str, EstimatePart] = {}
    spread: Number = None
    nonlinear: Number = None
    levels: int | None = None
    cells: int | None = None
    places_tried: int | None = None
    places_refused: int | None = None
    asks: str = ""


class OtherSearchPart(Part):
    """The verdict by trials for another objective."""

    pursued: dict[str, Number] = {}
    verdict: str = ""
    reason: str = ""


class SearchPart(Part):
    """The verdict on search."""

    verdict: Literal["search", "no-search", "cannot-tell"]
    reason: str = ""
    margin: Number = Field(
        default=None,
        description="How far from its threshold the verdict was: for `no-search` by how much the clearest failure fails, "
        "otherwise by how much the weakest test passes, negative where it does not.",
    )
    pursued: dict[str, Number] = Field(
        default={}, description="The objective that trials were drawn for, weights other than 0."
    )
    beside: tuple[OtherSearchPart, ...] = Field(
        default=(), description="By trials for another objective, where hypothesis and weights disagree."
    )
    hard_coded: bool | None = None
    mesa_optimizer: bool = False
    tests: tuple[SearchTestPart, ...] = ()
    capacity: dict[str, Any] | None = None
    operating_point: dict[str, Any] | None = None
    explanation: str = ""


class HypothesisPart(Part):
    """One hypothesis about what the behavior is after, with its posterior probability."""

    name: str
    kind: str = ""
    posterior: Number = None
    nats_below_top: Number = None


class HypothesesPart(Part):
    """The most probable hypotheses given training levels alone, and given all levels."""

    training: tuple[HypothesisPart, ...] = ()
    all: tuple[HypothesisPart, ...] = ()


class BehavioralObjectivePart(Part):
    """What the behavior appears to be after. Behavior only: never a mesa-objective."""

    weights: dict[str, WeightPart] = {}
    known: bool = Field(
        default=False, description="Whether the subject was built after it, so that nothing was inferred."
    )
    identified_in_training: bool | None = None
    unidentified: tuple[str, ...] = Field(default=(), description="Features that training levels alone leave open.")
    undecided: tuple[str, ...] | None = Field(
        default=None,
        description="Features of which all levels together leave open whether they are wanted, or that none offered.",
    )
    weights_in_training: dict[str, WeightPart] | None = Field(
        default=None, description="Weights from training levels alone, where they were inferred."
    )
    inverse_temperature: EstimatePart | None = None
    lapse: EstimatePart | None = None
    chooser: dict[str, EstimatePart] | None = Field(
        default=None, description="How it decides: shares of the models of choice, its discount and horizon."
    )
    wanted: tuple[str, ...] | None = Field(
        default=None, description="Features wanted beyond doubt, most wanted first; only these are named as proxies."
    )
    hypotheses: HypothesesPart | None = None
    diagnostics: dict[str, Number] | None = None


class PullPart(Part):
    """How strongly one kind of object, which exists inside alone, draws the plan."""

    object: str
    share: EstimatePart
    control: EstimatePart | None = Field(
        default=None, description="Of a blind walk, or of the plan without the object, whichever earns more."
    )
    lead: EstimatePart | None = Field(default=None, description="Share less control.")
    pulls: bool | None = None


class MesaObjectivePart(Part):
    """The objective located inside and confirmed by intervention."""

    weights: dict[str, WeightPart] = {}
    known: bool = Field(default=False, description="Whether it was read where the builders of the subject keep it.")
    site: str = ""
    confirmed_by_intervention: bool = False
    sum_over_features: bool | None = Field(
        default=None, description="False where the weights contradict what pulls: then it is not a sum over features."
    )
    misfit: tuple[str, ...] = Field(default=(), description="Where the weights contradict what pulls.")
    pull: tuple[PullPart, ...] = ()
    agrees_with_behavioral: bool | None = None
    disagreements: tuple[str, ...] = ()


class GapPart(Part):
    """One gap of a ledger: its value, the range over ties of best policies, and its share of what could be earned."""

    value: Number
    least: Number = None
    greatest: Number = None
    share: Number = None
    interval: tuple[Number, Number] | None = Field(default=None, description="Of the share.")


class LedgerPart(Part):
    """The gaps of one distribution; outer, inner and capability sum to total."""

    outer: GapPart
    inner: GapPart
    capability: GapPart
    total: GapPart


class EventPart(Part):
    """How often an event happens; `exact` is its probability where a policy table gives it."""

    rate: Number = None
    interval: tuple[Number, Number] | None = None
    offered: bool = True
    exact: EstimatePart | None = None


class EpisodesPart(Part):
    """Episodes of a recurrent subject, or in a world without tables, on one distribution: how many, and how many were cut, after
    `most_moves` moves at the latest.
    """

    count: int
    cut: int
    most_moves: int


class ReturnsPart(Part):
    """Mean returns by one objective; `optimal` is null where the best policy is not known."""

    subject: Number
    optimal: Number
    uniform: Number


KindOfPseudoAlignment = Literal["proxy", "approximate", "suboptimality"]
"""Kinds of pseudo-alignment."""


class ObjectiveVerdictPart(Part):
    """The verdict on the objective over all distributions, in a word (`verdict`) and in a few (`summary`)."""

    verdict: Literal[
        "robust", "pseudo", "misaligned-in-training", "outer-misaligned", "aligned-in-training", "cannot-tell"
    ]
    summary: str = ""
    reason: str = ""
    kind: KindOfPseudoAlignment | None = None
    proxies: tuple[str, ...] = ()
    under: tuple[str, ...] = Field(default=(), description="Distributions on which the objective came apart.")
    mechanism: str | None = None


class CapabilityVerdictPart(Part):
    """The verdict on capability over all distributions, in a word (`verdict`) and in a few (`summary`)."""

    verdict: Literal["robust", "fails", "capable-in-training", "cannot-tell"]
    summary: str = ""
    reason: str = ""
    under: tuple[str, ...] = Field(default=(), description="Distributions on which capability is lost, worst first.")


class GapReadingPart(Part):
    """Whether a gap is closed, open or undecided on one distribution, and its share of the intended return."""

    state: Literal["closed", "open", "undecided"]
    share: EstimatePart
    reason: str = Field(default="", description="Why it is undecided where its interval alone would decide.")


class CapabilityReadingPart(Part):
    """Whether capability is kept on one distribution, and the share that is lost for want of it."""

    state: Literal["kept", "lost", "undecided", "nothing-at-stake"]
    lost: EstimatePart
    reason: str = ""


class DistributionVerdictPart(Part):
    """What the ledger of one distribution says: `objective` reads the inner gap, `outer` the outer gap."""

    objective: GapReadingPart
    capability: CapabilityReadingPart
    outer: GapReadingPart


class AlignmentPart(Part):
    """The verdict on alignment under the shifts that were run, and the two verdicts that it follows from by a table.

    Documents that were written before there were two have neither `objective` nor `capability`.
    """

    verdict: Literal[
        "robust",
        "pseudo",
        "misaligned-in-training",
        "outer-misaligned",
        "deceptive",
        "capability-failure",
        "aligned-in-training",
        "cannot-tell",
    ]
    kind: KindOfPseudoAlignment | None = None
    proxies: tuple[str, ...] = ()
    reason: str = ""
    mechanism: str | None = None
    objective: ObjectiveVerdictPart | None = None
    capability: CapabilityVerdictPart | None = None
    by_distribution: dict[str, DistributionVerdictPart] = {}
    notes: tuple[str, ...] = Field(default=(), description="What was said beside the two; the reason holds it too.")


class ThingPart(Part):
    """Something that lies on a board: row and column, border included, and how it is drawn."""

    place: tuple[int, int]
    shape: Literal["arch", "disc"]
    color: Literal["red", "blue", "green", "yellow"]
    letter: str
    name: str


class DrawingPart(Part):
    """A level as a board: rows of `#` (nobody can enter) and `.`, what lies there, and where each action leads."""

    board: tuple[str, ...]
    things: tuple[ThingPart, ...] = ()
    moves: tuple[tuple[int, int], ...] = Field((), description="Rows and columns by which each action leads on.")
    legend: str = ""
    shown: str = Field("", description="Which state of a cell the policy is of, where cells have several.")


class ExhibitPart(Part):
    """One level with the subject's policy and one greedy episode: by cells of the drawing, row by row, or by states where there
    is none.
    """

    distribution: str
    level: str
    policy: tuple[tuple[Number, ...], ...] = ()
    path: tuple[int, ...] = ()
    reached: str | None = None
    caption: str = ""
    drawing: DrawingPart | None = None
    shared: bool = Field(default=False, description="Whether every agent is shown on this level, whatever its seed.")


class ArrayPart(Part):
    """An array: its shape, and its numbers as 32-bit floats in base64, little end first."""

    shape: tuple[int, ...]
    data: str


class AgentPart(Part):
    """A small network that a report can run: the kind that it goes by in `web/src/agents`, its config and its arrays."""

    kind: str
    config: dict[str, int | float] = {}
    arrays: dict[str, ArrayPart] = {}


class BrushPart(Part):
    """One kind of cell: see `mesascope.worlds.painting.Brush`."""

    letter: str
    name: str
    shape: Literal["solid", "free", "arch", "disc"]
    color: Literal["", "red", "blue", "green", "yellow"] = ""
    shows: tuple[float, ...]
    worth: float = 0.0
    group: str = ""
    most: int | None = None


class PaintingPart(Part):
    """The rules of a world that a page can play in: see `mesascope.worlds.painting.Painting`."""

    brushes: tuple[BrushPart, ...]
    actions: tuple[str, ...]
    moves: tuple[tuple[int, int], ...]
    discount: float
    legend: str = ""
    headings: tuple[str, ...] = ()


class KinPart(Part):
    """What the levels of a distribution have in common: see `mesascope.auditing.portable.Kin`."""

    name: str
    levels: int
    height: int
    width: int
    walls: str
    things: tuple[str, ...]
    free: tuple[int, int]
    connected: bool


class PortablePart(Part):
    """An agent that answers inside of a report on levels that are drawn there."""

    agent: AgentPart
    world: PaintingPart
    kin: tuple[KinPart, ...] = ()


class CardPart(Part):
    """The card of an instrument that ran."""

    name: str
    measures: str = ""
    estimator: str = ""
    assumptions: str = ""
    controls: str = ""
    blind_spots: tuple[str, ...] = ()
    cost: str = ""
    references: tuple[str, ...] = ()


class InstrumentPart(Part):
    """Whether an instrument ran, and where not, why."""

    name: str
    ran: bool
    reason: str = ""


class TablePart(Part):
    """A table: heads and rows; the first cell of a row is its heading."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float | EstimatePart | None, ...], ...] = ()


class ReportPartPart(Part):
    """A titled text with a figure and a table, as the report draws it. A figure is of kind `curves`, `bars` or `grid`."""

    title: str
    text: str = ""
    figure: dict[str, Any] | None = None
    table: TablePart | None = None


class FindingPart(Part):
    """What an instrument found that has no field of its own: one of an installed package, or of an experiment."""

    summary: str = ""
    data: dict[str, Any] = {}
    parts: tuple[ReportPartPart, ...] = ()


class ProvenancePart(Part):
    """Where the document came from."""

    command: str = ""
    version: str = ""
    python: str = ""
    packages: dict[str, str | None] = {}
    platform: str = ""
    device: str = ""
    instructions: str = ""
    xla_flags: str = ""
    precision: str = ""
    created: str = ""
    seconds: dict[str, Number] = {}
