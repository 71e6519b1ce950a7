"""Small GPT-2s, made and trained here from configuration: nothing is downloaded."""

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from mesascope.adapters.language.tokens import EXTRA, word_tokenizer
from mesascope.adapters.libraries import import_extra
from mesascope.adapters.torch_functions import Module, import_torch
from mesascope.core.errors import MesascopeError


class Shape(NamedTuple):
    """The size of a model: blocks, units of its residual stream, heads of attention, tokens that it reads at most."""

    layers: int = 2
    width: int = 64
    heads: int = 4
    context: int = 32


class Steps(NamedTuple):
    """How long and how fast a model is trained, by AdamW (Loshchilov and Hutter 2019) with a rate that falls to zero."""

    steps: int
    rate: float
    batch: int = 64


class Owned(NamedTuple):
    """A model and its tokenizer."""

    model: Module
    tokenizer: Any

    def save(self, folder: Any) -> None:
        """Write both as transformers does, weights as safetensors."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)


def new_gpt2(words: Sequence[str], shape: Shape, seed: int) -> Owned:
    """A GPT-2 (Radford et al. 2019) with random weights, and a tokenizer of these words."""
    torch, transformers = import_torch(), import_extra("transformers", EXTRA)
    tokenizer = word_tokenizer(words)
    config = transformers.GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=shape.context,
        n_embd=shape.width,
        n_layer=shape.layers,
        n_head=shape.heads,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=tokenizer.eos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Owned(transformers.GPT2LMHeadModel(config).eval(), tokenizer)


def trained(
    owned: Owned,
    texts: Sequence[str],
    answers: Sequence[str],
    steps: Steps,
    seed: int,
    weights: Float[np.ndarray, " text"] | None = None,
    tied: Sequence[tuple[str, str]] = (),
) -> Owned:
    """A copy that was trained to answer prompts: cross-entropy of the word behind the prompt, over all words.

    Args:
        owned: The model to begin with; it stays as it is.
        texts: Prompts of one number of words.
        answers: The word behind each.
        steps: How long and how fast.
        seed: Of the order of the prompts.
        weights: How often each prompt is drawn, up to a factor; all alike unless given.
        tied: Pairs of words of which the second is given the first one's embedding before training: the model cannot tell them
            apart from then on, whatever it is trained on.

    Returns:
        The trained copy.

    Raises:
        MesascopeError: The loss became NaN.
    """
    torch = import_torch()
    model, tokenizer = copy.deepcopy(owned.model), owned.tokenizer
    one_for_another = {tokenizer.convert_tokens_to_ids(b): tokenizer.convert_tokens_to_ids(a) for a, b in tied}
    ids = torch.tensor([[one_for_another.get(i, i) for i in row] for row in tokenizer(list(texts))["input_ids"]])
    wanted = torch.tensor(tokenizer.convert_tokens_to_ids(list(answers)))
    rng = np.random.default_rng(seed)
    chance = None if weights is None else weights / weights.sum()
    optimizer = torch.optim.AdamW(model.parameters(), steps.rate, betas=(0.9, 0.98), weight_decay=0.01)
    model.train()
    for step in range(steps.steps):
        for group in optimizer.param_groups:
            group["lr"] = steps.rate * min(1.0, (step + 1) / (0.06 * steps.steps + 1)) * (1.02 - step / steps.steps)
        some = torch.from_numpy(rng.choice(len(ids), steps.batch, p=chance))
        loss = torch.nn.functional.cross_entropy(_answered(model, ids[some]), wanted[some])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if not torch.isfinite(loss):
            raise MesascopeError(f"the training of a language model diverged at step {step}: choose a smaller rate")
    model.eval()
    with torch.no_grad():
        table = model.get_input_embeddings().weight
        for other, one in one_for_another.items():
            table[other] = table[one]
    return Owned(model, tokenizer)


def _answered(model: Module, ids: Any) -> Any:
    """Logits behind the last word."""
    return model(ids, use_cache=False, logits_to_keep=1).logits[:, -1]
