"""A language model that chooses, as `mesascope.load_agent` gives it."""

from typing import Any, NamedTuple, NoReturn

from mesascope.adapters.language.model import LanguageModel
from mesascope.adapters.language.prompt_file import PromptFile, read_prompt_file
from mesascope.core.errors import UsageError


class LanguageAgent(NamedTuple):
    """A model with the prompts that it is asked, for `audit` in the experiment `deceivers`.

    Attributes:
        reference: What it was loaded by.
        model: The model.
        prompts: The file that names prompts, choices, flag and stake.
    """

    reference: str
    model: LanguageModel
    prompts: PromptFile

    @property
    def name(self) -> str:
        """What it is called in a report."""
        return f"{self.reference.partition(',')[0].removeprefix('hf:')} ({self.model.model.config.model_type})"

    @property
    def identity(self) -> dict[str, Any]:
        """What an audit of it depends on."""
        return {"hf": self.model.digest, "prompts": self.prompts.model_dump(mode="json")}

    @property
    def reported(self) -> None:
        """Nothing is reported of it."""

    def subject(self, world: Any) -> NoReturn:
        """It is no agent of a world of levels: `UsageError` says where it is audited."""
        raise UsageError(
            f"'{self.reference}' chooses between words; it is audited in the experiment deceivers, and {world.name} "
            f"is a world of "
            "levels: leave out prompts= and write tokens= and moves=, or audit it in deceivers"
        )


def load_language_agent(reference: str, folder: str, prompts: Any) -> LanguageAgent:
    """A model in a folder of transformers, with the prompts in a file; what they do not have, or what does not fit, is
    an error.
    """
    file = read_prompt_file(prompts)
    return LanguageAgent(reference, LanguageModel.load(folder, file.choices), file)
