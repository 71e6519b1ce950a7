"""A causal language model of transformers that chooses one of several words, with its residual stream open to reading
and writing.
"""

import contextlib
import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from mesascope.adapters.checks import digest
from mesascope.adapters.hf.folder import context_of, load_model
from mesascope.adapters.language.tokens import check_context, choice_tokens, load_tokenizer
from mesascope.adapters.torch_functions import Module, import_torch, running, weights_of
from mesascope.core.errors import SubjectError

BATCH_TOKENS = 8192
"""Tokens that are given to a model at once."""


class Patch(NamedTuple):
    """Values that are written into the residual stream behind a block.

    `layer` counts blocks from 1; 0 is what goes into the first. `places` are numbers of tokens, counted from 0, `values` what
    is written there.
    """

    layer: int
    places: Int[np.ndarray, "prompt place"]
    values: Float[np.ndarray, "prompt place unit"]


class LanguageModel:
    """A model, its tokenizer and the words that it chooses between.

    Args:
        model: A causal language model of transformers, in evaluation mode on the CPU.
        tokenizer: Its tokenizer.
        choices: The words, of one token each.

    Raises:
        UsageError: The choices do not fit the tokenizer.
    """

    def __init__(self, model: Module, tokenizer: Any, choices: Sequence[str]):
        self.model, self.tokenizer, self.choices = model, tokenizer, tuple(choices)
        self._tokens = choice_tokens(tokenizer, choices)
        # Other logits than those of the last token are not wanted, and of large vocabularies they are most of the memory.
        keeps = "logits_to_keep" in inspect.signature(model.forward).parameters
        self._asked = {"use_cache": False, **({"logits_to_keep": 1} if keeps else {})}

    @classmethod
    def load(cls, folder: str | Path, choices: Sequence[str]) -> "LanguageModel":
        """The model in a folder that `save_pretrained` wrote; raises what `load_model` and `load_tokenizer` raise."""
        model = load_model(folder)
        return cls(model, load_tokenizer(folder), choices)

    def untrained(self, seed: int) -> "LanguageModel":
        """The same architecture and tokenizer with random weights: a control."""
        torch = import_torch()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return LanguageModel(type(self.model)(self.model.config).eval(), self.tokenizer, self.choices)

    @property
    def layers(self) -> int:
        """Blocks of the model."""
        return len(self._blocks)

    @property
    def parameters(self) -> int:
        """Numbers in the weights."""
        return sum(p.numel() for p in self.model.parameters())

    @property
    def digest(self) -> str:
        """What tells its weights from those of another."""
        return "".join(f"{int(word):08x}" for word in np.asarray(digest(sorted(weights_of(self.model).items()))))

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Texts as tokens; `UsageError` for one that the model cannot read."""
        found = self.tokenizer(list(texts), add_special_tokens=False)["input_ids"] if len(texts) else []
        check_context(map(len, found), texts, context_of(self.model))
        return found

    def chances(self, texts: Sequence[str], patch: Patch | None = None) -> Float[np.ndarray, "prompt choice"]:
        """Probability of each choice behind each prompt, among the choices."""
        logits = np.concatenate([np.zeros((0, len(self.choices)))] + self._each(texts, patch, hidden=False)[0])
        order = self._order(texts)
        chances = np.exp(logits - logits.max(-1, keepdims=True, initial=-np.inf))
        out = np.empty_like(chances)
        out[order] = chances / chances.sum(-1, keepdims=True)
        return out

    def last(self, texts: Sequence[str]) -> Float[np.ndarray, "layer prompt unit"]:
        """The residual stream of the last token: what goes into the first block, and what comes out of each."""
        if not len(texts):
            return np.zeros((self.layers + 1, 0, self.model.config.hidden_size))
        parts = self._each(texts, None, hidden=True)[1]
        found = np.concatenate([part[:, :, -1] for part in parts], 1)
        out = np.empty_like(found)
        out[:, self._order(texts)] = found
        return out

    def stream(self, texts: Sequence[str]) -> Float[np.ndarray, "layer prompt token unit"]:
        """The whole residual stream of texts that have the same number of tokens."""
        parts = self._each(texts, None, hidden=True)[1]
        if len({part.shape[2] for part in parts}) > 1:
            raise SubjectError("the texts have different numbers of tokens; expected as many in each")
        found = np.concatenate(parts, 1)
        out = np.empty_like(found)
        out[:, self._order(texts)] = found
        return out

    def _order(self, texts: Sequence[str]) -> Int[np.ndarray, " prompt"]:
        """Which prompt each row of `_each` is: prompts of one length after the other, so that nothing is padded."""
        return np.argsort([len(row) for row in self.encode(texts)], kind="stable")

    def _each(self, texts: Sequence[str], patch: Patch | None, hidden: bool) -> tuple[list[Any], list[Any]]:
        torch = import_torch()
        ids = self.encode(texts)
        order = self._order(texts)
        logits, streams = [], []
        with running(self.model):
            for rows in _batches([len(ids[i]) for i in order]):
                which = order[rows]
                given = torch.tensor([ids[i] for i in which])
                with self._written(patch, which):
                    put_out = self.model(given, output_hidden_states=hidden, **self._asked)
                logits.append(put_out.logits[:, -1, self._tokens].double().numpy())
                if hidden:
                    streams.append(np.stack([layer.float().numpy() for layer in put_out.hidden_states]))
        if any(not np.isfinite(part).all() for part in logits):
            raise SubjectError(f"the {type(self.model).__name__} answers with NaN or infinity; expected finite logits")
        return logits, streams

    @contextlib.contextmanager
    def _written(self, patch: Patch | None, which: Int[np.ndarray, " row"]) -> Iterator[None]:
        if patch is None:
            yield
            return
        torch = import_torch()
        places = torch.tensor(patch.places[which])
        rows = torch.arange(len(which))[:, None]

        def write(stream: Any) -> Any:
            changed = stream.clone()
            changed[rows, places] = torch.tensor(patch.values[which], dtype=stream.dtype)
            return changed

        def before(module: Any, given: tuple[Any, ...]) -> Any:
            return (write(given[0]), *given[1:])

        def after(module: Any, given: Any, put_out: Any) -> Any:
            return (write(put_out[0]), *put_out[1:]) if isinstance(put_out, tuple) else write(put_out)

        blocks = self._blocks
        if patch.layer == 0:
            handle = blocks[0].register_forward_pre_hook(before)
        else:
            handle = blocks[patch.layer - 1].register_forward_hook(after)
        try:
            yield
        finally:
            handle.remove()

    @property
    def _blocks(self) -> Any:
        torch = import_torch()
        count = self.model.config.num_hidden_layers
        for module in self.model.modules():
            if isinstance(module, torch.nn.ModuleList) and len(module) == count:
                return module
        raise SubjectError(
            f"the {type(self.model).__name__} has no list of its {count} blocks, as decoders of transformers have"
        )


def _batches(lengths: Sequence[int]) -> Iterator[slice]:
    """Rows of equal length, as many at once as there is room for."""
    first = 0
    while first < len(lengths):
        room = max(1, BATCH_TOKENS // lengths[first])
        last = first
        while last < len(lengths) and lengths[last] == lengths[first] and last - first < room:
            last += 1
        yield slice(first, last)
        first = last
