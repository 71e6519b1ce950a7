"""Greedy decoding of moves: only moves and the end may be written, and what queries share is read once."""

import inspect
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from mesascope.adapters.hf.folder import context_of
from mesascope.adapters.torch_functions import Module, import_torch, running
from mesascope.core.errors import SubjectError

END = -1
"""What stands behind the last move of a path."""


class Vocabulary(NamedTuple):
    """Tokens that an agent may write.

    Attributes:
        moves: Token of each action, in the agent's order.
        end: Token that ends a path; None where it writes until there is no more room.
    """

    moves: tuple[int, ...]
    end: int | None = None

    @property
    def tokens(self) -> tuple[int, ...]:
        """Moves, and then the end."""
        return self.moves if self.end is None else (*self.moves, self.end)


def write_paths(
    model: Module, ids: np.ndarray, words: Vocabulary, length: int, *, cached: bool = True
) -> Int[np.ndarray, "query move"]:
    """What a model writes after each row of tokens.

    Args:
        model: A causal language model of transformers.
        ids: Tokens of each query, `(query, token)`: whole numbers.
        words: What it may write.
        length: Most moves.
        cached: Whether keys and values are kept, and those of tokens that queries begin with alike are computed once. It makes no
            difference to what is written but for rounding.

    Returns:
        Numbers of actions, `END` from the end on.

    Raises:
        SubjectError: Tokens beyond the vocabulary, no room for a move, or the model fails.

    Example:
        >>> write_paths(model, tokens, Vocabulary((35, 36, 37, 38), 39), 16)  # doctest: +SKIP
    """
    check_tokens(model, ids)
    context = context_of(model)
    room = length if context is None else min(length, context - ids.shape[1] + 1)
    with running(model):
        return (_cached if cached else _anew)(model, ids, words, room)


def check_tokens(model: Module, ids: np.ndarray) -> None:
    """`SubjectError` for what is no batch of rows of tokens that the model can read, with room for a move."""
    if ids.ndim != 2 or not np.issubdtype(ids.dtype, np.integer) or not ids.shape[1]:
        raise SubjectError(f"tokens= gave {ids.dtype} {ids.shape}; expected whole numbers (query, token)")
    size, context = model.get_input_embeddings().num_embeddings, context_of(model)
    if ids.size and (ids.min() < 0 or ids.max() >= size):
        raise SubjectError(
            f"tokens= gave tokens from {ids.min()} to {ids.max()}; the model's vocabulary has 0 to {size - 1}"
        )
    if context is not None and ids.shape[1] > context:
        raise SubjectError(f"tokens= gave {ids.shape[1]} tokens a query; the model reads at most {context}")


def shared(ids: Int[np.ndarray, "query token"]) -> int:
    """How many tokens to read once for all queries that begin with them, so that the fewest tokens are read in all.

    Args:
        ids: Tokens of each query.

    Returns:
        A number of tokens, 0 where nothing is gained; less than all, as each query has to be read to its end.

    Example:
        >>> import numpy as np
        >>> shared(np.array([[7, 8, 1], [7, 8, 2], [7, 8, 3]]))
        2
    """
    queries, width = ids.shape
    rows = ids[np.lexsort(ids.T[::-1])]
    same = np.logical_and.accumulate(rows[1:] == rows[:-1], 1).sum(1)  # tokens alike with the row before
    lengths = np.arange(width)
    different = 1 + (same[:, None] < lengths).sum(0)
    return int(np.argmin(different * lengths + queries * (width - lengths)))


def _cached(model: Module, ids: np.ndarray, words: Vocabulary, room: int) -> np.ndarray:
    torch = import_torch()
    named = "cache" if "cache" in inspect.signature(model.forward).parameters else "past_key_values"
    alike, cache = shared(ids), None
    if alike:
        begins, which = np.unique(ids[:, :alike], axis=0, return_inverse=True)
        cache = model(torch.from_numpy(begins.astype(np.int64)), use_cache=True)[named]
        cache.batch_select_indices(torch.from_numpy(which.reshape(-1)))
    given = torch.from_numpy(ids[:, alike:].astype(np.int64))
    allowed = torch.tensor(words.tokens)
    path, writing = np.full((len(ids), room), END), np.arange(len(ids))
    for move in range(room):
        put_out = model(given, use_cache=True, **{named: cache})
        cache = put_out[named]
        best = put_out.logits[:, -1][:, allowed].argmax(1)
        going = best < len(words.moves)
        writing = writing[going.numpy()]
        if not len(writing):
            break
        path[writing, move] = best[going].numpy()
        given = allowed[best[going]][:, None]
        if not going.all():
            cache.batch_select_indices(going.nonzero()[:, 0])
    return path


def _anew(model: Module, ids: np.ndarray, words: Vocabulary, room: int) -> np.ndarray:
    """The same with everything read again for every move."""
    torch = import_torch()
    allowed = torch.tensor(words.tokens)
    path, given = np.full((len(ids), room), END), torch.from_numpy(ids.astype(np.int64))
    over = torch.zeros(len(ids), dtype=torch.bool)
    for move in range(room):
        best = model(given, use_cache=False).logits[:, -1][:, allowed].argmax(1)
        over |= best >= len(words.moves)
        path[:, move] = np.where(over.numpy(), END, best.numpy())
        given = torch.cat([given, allowed[best][:, None]], 1)
    return path
