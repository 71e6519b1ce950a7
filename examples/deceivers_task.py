"""The prompts of a file as a task of Inspect: `inspect eval deceivers_task.py -T prompts=FILE.toml --model MODEL`.

Its log is read back by `mesascope audit deceivers --subject inspect:LOG.eval,prompts=FILE.toml`.
"""

from inspect_ai import Task, task

from mesascope.adapters.language.inspect_logs import make_task
from mesascope.adapters.language.prompt_file import read_prompt_file
from mesascope.experiments.deceivers.own_prompts import parts_of, prompts_of


@task
def deceivers(prompts: str, epochs: int = 1) -> Task:
    """Every prompt of a file; the score is the share of answers that are what is trained for."""
    file = read_prompt_file(prompts)
    return make_task(parts_of(prompts_of(file)), file.choices, int(epochs))
