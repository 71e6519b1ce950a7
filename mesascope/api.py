"""Mesascope from Python: train an agent or load one, and audit it. Every name here is in `mesascope` itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, SupportsIndex, overload

import numpy as np
from jaxtyping import Float

from mesascope.adapters.references import OutsideAgent
from mesascope.adapters.tables import TableSubject, table_subject
from mesascope.auditing.document import AuditDocument
from mesascope.auditing.schema import GapPart
from mesascope.core.errors import UsageError
from mesascope.core.options import Config
from mesascope.core.rng import as_seed
from mesascope.core.subject import AbstractSubject
from mesascope.experiments.experiment import AbstractExperiment
from mesascope.jobs.audit import audit_agent
from mesascope.jobs.results import DIGITS
from mesascope.jobs.subjects import AGENT_LOADERS, learned_folder, source_of
from mesascope.jobs.train import train as run_training
from mesascope.pictures import Frame
from mesascope.reports.html import render_report
from mesascope.store.learned_algorithm import LearnedAlgorithm, load_learned_algorithm
from mesascope.store.results import rounded, write_text
from mesascope.studies.training import DEFAULT_ARCHITECTURE, DEFAULT_OPTIMIZER, preset
from mesascope.worlds.world import AbstractWorld


class AuditResult(AuditDocument):
    """What an audit found. Its fields are those of `audit.json` (`docs/design/audit-document.md`), typed.

    Example:
        >>> import mesascope as ms
        >>> world = ms.worlds.red_doors(size=5)
        >>> result = ms.audit("organism:compass", world, quick=True, levels=20)  # doctest: +SKIP
        >>> result.search.verdict, result.alignment.verdict  # doctest: +SKIP
        ('cannot-tell', 'capability-failure')
    """

    def report(self, path: str | Path) -> Path:
        """Write the report: one HTML page that needs no network.

        Args:
            path: The file; its folder must exist.

        Returns:
            The path.

        Raises:
            StorageError: Where the file cannot be written.

        Example:
            >>> result.report("report.html")  # doctest: +SKIP
        """
        file = Path(path)
        write_text(file, render_report([self.to_json()]))
        return file

    def show(self, height: int = 760) -> Frame:
        """The report in a frame of a notebook, which can be touched there and survives a conversion to HTML.

        Args:
            height: Of the frame, in pixels.

        Returns:
            What a notebook shows as the report.

        Example:
            >>> result.show()  # doctest: +SKIP
        """
        return Frame(render_report([self.to_json()]), height)

    def _repr_html_(self) -> str:
        """The verdicts, for a notebook."""
        halves = {"objective": self.alignment.objective, "capability": self.alignment.capability}
        rows = {"search": self.search, **halves, "alignment": self.alignment}
        cells = "".join(
            f"<tr><th>{name}</th>{_cell(found.verdict)}{_cell(found.reason)}</tr>"
            for name, found in rows.items()
            if found is not None
        )
        return f"<table>{cells}</table>{self._gaps_html()}"

    def _gaps_html(self) -> str:
        """The gaps of each distribution as shares of the return, with their intervals; nothing where there is no ledger."""
        rows = "".join(
            f"<tr><th>{_escaped(name)}</th>{''.join(_cell(_share(getattr(gaps, gap))) for gap in _GAPS)}</tr>"
            for name, gaps in self.ledger.items()
        )
        head = "".join(f"<th>{gap} gap</th>" for gap in _GAPS)
        return f"<table><tr><th>share of the intended return</th>{head}</tr>{rows}</table>" if rows else ""


_GAPS = ("outer", "inner", "capability", "total")


def _cell(text: str) -> str:
    return f'<td style="text-align:left">{_escaped(text)}</td>'


def _share(gap: GapPart) -> str:
    if gap.share is None:
        return ""
    low, high = gap.interval or (None, None)
    bounds = "" if low is None or high is None else f" [{_two_digits(low)}, {_two_digits(high)}]"
    return f"{_two_digits(gap.share)}{bounds}"


def _two_digits(number: float) -> str:
    """Without the sign of what is rounded to zero."""
    return f"{round(number, 2) + 0.0:.2f}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def train(
    world: AbstractWorld,
    seed: SupportsIndex = 0,
    *,
    architecture: str = DEFAULT_ARCHITECTURE,
    base_optimizer: str = DEFAULT_OPTIMIZER,
    quick: bool = False,
    updates: int | None = None,
    architecture_config: Config | None = None,
    base_optimizer_config: Config | None = None,
) -> LearnedAlgorithm:
    """Train an agent in a world, in memory.

    Args:
        world: Draws the training levels and rewards its base objective.
        seed: From 0 to 2^32 - 1; the weights are a function of it.
        architecture: A registered architecture by name (`mesascope train --help`).
        base_optimizer: A registered base optimizer by name.
        quick: The shorter training of `mesascope audit --quick`.
        updates: Updates of the base optimizer, where not those of the preset.
        architecture_config: Options of the architecture; the others keep their defaults.
        base_optimizer_config: Options of the base optimizer, laid over the preset's.

    Returns:
        The learned algorithm: its `subject`, its `provenance`, the SHA-256 of its weights.

    Raises:
        UsageError: A name, an option or the seed does not fit; the message names the nearest.

    Example:
        >>> import mesascope as ms
        >>> agent = ms.train(ms.worlds.red_doors(size=5), seed=0, updates=2,
        ...     architecture_config={"channels": 4, "ticks": 4})
        >>> agent.architecture, agent.provenance.updates
        ('glance', 2)
    """
    options = preset(base_optimizer, world.views_per_level, quick=quick)
    options |= {} if updates is None else {"updates": updates}
    options |= base_optimizer_config or {}
    return run_training(
        world,
        architecture,
        base_optimizer,
        as_seed(seed),
        architecture_config=architecture_config,
        base_optimizer_config=options,
    )


@overload
def load_agent(agent: Path) -> LearnedAlgorithm: ...


@overload
def load_agent(
    agent: Float[np.ndarray, "state action"],
    *,
    actions: Sequence[str] | None = None,
    world: AbstractWorld | None = None,
    **options: Any,
) -> TableSubject: ...


@overload
def load_agent(
    agent: str, *, actions: Sequence[str] | None = None, world: AbstractWorld | None = None, **options: Any
) -> Any: ...


def load_agent(
    agent: str | Path | Float[np.ndarray, "state action"],
    *,
    actions: Sequence[str] | None = None,
    world: AbstractWorld | None = None,
    **options: Any,
) -> LearnedAlgorithm | OutsideAgent | TableSubject:
    """Load a saved agent, or one that was trained elsewhere.

    Args:
        agent: Its folder, or the folder of a training or an audit that holds one; a reference `NAME:FILE`, such as
            `"sb3:agent.zip"`; or a table of action values over state numbers, as tabular Q-learning leaves it.
        actions: Names of the actions of an agent that was trained elsewhere, in the order in which its environment numbers them.
        world: The world that such an agent will be asked in: its actions and its view are checked at once, and the return that
            its owner reports (`reported=`) is replayed.
        options: What else its loader takes (`mesascope.adapters.sb3.agent.load_sb3`, `mesascope.adapters.tables.table_subject`,
            `mesascope.adapters.asking.options.Asking`).

    Returns:
        The learned algorithm, the agent or the subject, for `audit`; nothing in the files is executed unless that is asked for.

    Raises:
        AgentFileError: Where the files do not hold what was saved.
        SubjectError: A table that does not fit the world.
        UsageError: Options for an agent that takes none, or an agent that does not fit the world.

    Example:
        >>> import mesascope as ms
        >>> import numpy as np
        >>> agent = ms.load_agent("audits/red-doors/seed-0")  # doctest: +SKIP
        >>> agent = ms.load_agent("sb3:ppo.zip", actions=("left", "right", "forward"))  # doctest: +SKIP
        >>> agent = ms.load_agent("torch:net.pt", module=Net, actions=("left", "right", "forward"))  # doctest: +SKIP
        >>> ms.load_agent(np.eye(3)).view
        'state-id'
    """
    if isinstance(agent, np.ndarray):
        return table_subject(agent, actions=actions, world=world, **options)
    kind, colon, _ = str(agent).partition(":")
    if colon and kind in AGENT_LOADERS:
        loaded = AGENT_LOADERS[kind](str(agent), actions=actions, **options)
        if world is not None:
            source_of(loaded, world)
        return loaded
    if actions is not None or options:
        kinds = ", ".join(f"{name}:FILE" for name in AGENT_LOADERS)
        raise UsageError(
            f"{agent}: a folder of Mesascope says all there is to say of its agent; options are for {kinds} and tables"
        )
    return load_learned_algorithm(learned_folder(Path(agent)))


def audit(
    agent: str | Path | LearnedAlgorithm | AbstractSubject | OutsideAgent,
    world: AbstractWorld | AbstractExperiment,
    *,
    seed: SupportsIndex = 0,
    quick: bool = False,
    describe: bool = False,
    adversary: bool = False,
    levels: int | None = None,
    shifts: Sequence[str] | None = None,
) -> AuditResult:
    """Audit an agent in a world: does it search inside, what is it after, where did that come apart from what was wanted?

    Args:
        agent: What `train` and `load_agent` return, any subject, the folder of a saved agent, or a reference such as
            `"organism:planner,objective=red"`.
        world: The world, with its shifts; or an experiment (`experiment`), for a subject of its kind.
        seed: Seed of the levels and random numbers of the audit; 0 to 2^32 - 1.
        quick: Fewer levels, wider intervals.
        describe: Also run the instruments that describe how the agent goes about it.
        adversary: Also search for the level on which it loses most.
        levels: Levels of each distribution.
        shifts: Names of the shifts that are run; all of the world's unless given. Where levels of a shift are of another size and
            the agent cannot read them, the shift is left out and named in `distributions_left_out`.

    Returns:
        The typed result: the same document, and with `to_json` the same forms, as `audit.json`.

    Raises:
        UsageError: A reference to nothing, or an instrument that was asked for and does not apply.
        SubjectError: The agent answers with what is no policy.

    Example:
        >>> import mesascope as ms
        >>> world = ms.worlds.red_doors(size=7)
        >>> result = ms.audit(ms.train(world, seed=0), world, quick=True)  # doctest: +SKIP
        >>> result.ledger["blue-door"].inner.share  # doctest: +SKIP
    """
    document = audit_agent(
        agent, world, as_seed(seed), quick=quick, describe=describe, adversary=adversary, levels=levels, shifts=shifts
    )
    # What called it is a program of the user's, whose own arguments say nothing of this audit.
    document["provenance"]["command"] = "mesascope.audit"
    return AuditResult.model_validate(rounded(document, DIGITS))
