"""Texts as tokens: a word-level tokenizer of our own, and the checks that prompts and choices fit a model."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mesascope.adapters.libraries import import_extra
from mesascope.core.errors import AgentFileError, UsageError, said

EXTRA = "lm"
UNKNOWN, END = "[unknown]", "[end]"


def word_tokenizer(words: Iterable[str]) -> Any:
    """A tokenizer of transformers whose tokens are words apart by spaces; it is saved and loaded like any other.

    Args:
        words: Every word. Others become `UNKNOWN`.

    Example:
        >>> word_tokenizer(["log", "on"])("log on")["input_ids"]  # doctest: +SKIP
        [2, 3]
    """
    tokenizers, transformers = import_extra("tokenizers", EXTRA), import_extra("transformers", EXTRA)
    numbers = {word: number for number, word in enumerate((UNKNOWN, END, *words))}
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel(numbers, unk_token=UNKNOWN))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=inner, unk_token=UNKNOWN, eos_token=END)


def load_tokenizer(folder: str | Path) -> Any:
    """The tokenizer that lies beside a model.

    Raises:
        AgentFileError: There is none, it brings code, or transformers does not load it.
    """
    place = Path(folder)
    if not any((place / name).is_file() for name in ("tokenizer.json", "tokenizer_config.json", "vocab.json")):
        raise AgentFileError(
            f"{place}: a model without a tokenizer; expected tokenizer.json beside its weights: save it there with "
            "tokenizer.save_pretrained(FOLDER)"
        )
    transformers = import_extra("transformers", EXTRA)
    try:
        return transformers.AutoTokenizer.from_pretrained(str(place), local_files_only=True, trust_remote_code=False)
    except Exception as error:
        raise AgentFileError(f"{place}: transformers does not load this tokenizer: {said(error)}") from error


def choice_tokens(tokenizer: Any, choices: Sequence[str]) -> tuple[int, ...]:
    """The token of each choice.

    Raises:
        UsageError: A choice is no single token, is unknown to the tokenizer, or two are the same token.
    """
    found: dict[int, str] = {}
    for choice in choices:
        tokens = tokenizer(choice, add_special_tokens=False)["input_ids"]
        if len(tokens) != 1:
            parts = "/".join(tokenizer.convert_ids_to_tokens(tokens)) or "none"
            raise UsageError(
                f"choice '{choice}' is {len(tokens)} tokens of this model ({parts}); expected one: choose another word, or "
                "write it with the space before it where words begin with one"
            )
        if tokens[0] == tokenizer.unk_token_id:
            raise UsageError(f"choice '{choice}' is no word of this model's tokenizer; choose one that it has")
        if tokens[0] in found:
            raise UsageError(
                f"choices '{found[tokens[0]]}' and '{choice}' are the same token of this model; expected different ones"
            )
        found[tokens[0]] = choice
    return tuple(found)


def check_context(lengths: Iterable[int], texts: Sequence[str], context: int | None) -> None:
    """`UsageError` for a prompt that the model cannot read to its end, or that holds nothing."""
    for length, text in zip(lengths, texts, strict=True):
        shown = text if len(text) <= 60 else f"{text[:57]}..."
        if context is not None and length > context:
            raise UsageError(f"prompt '{shown}' has {length} tokens; this model reads at most {context}: shorten it")
        if length == 0:
            raise UsageError(f"prompt '{shown}' has no token of this model; expected a text")
