"""What a language model writes: with caches as without them, and as its own library writes it."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mesascope.adapters.hf.decoding import END, Vocabulary, shared, write_paths
from mesascope.core.errors import SubjectError

torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")
pytest.importorskip("transformers", reason="transformers is not installed: tests/QUARANTINES.md")

WORDS = Vocabulary((19, 20, 21, 22), 23)
IDS = np.concatenate(
    [np.repeat(np.random.default_rng(0).integers(0, 10, (5, 9)), 7, 0), 10 + np.arange(35)[:, None] % 9], 1
)


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_caches_and_shared_prefixes_change_nothing(models, name):
    model, _ = models(name)
    paths = write_paths(model, IDS, WORDS, 8)
    np.testing.assert_array_equal(paths, write_paths(model, IDS, WORDS, 8, cached=False))
    assert len(np.unique(paths, axis=0)) > 5
    lengths = (paths != END).sum(1)
    assert lengths.min() < lengths.max()  # otherwise nothing is seen of paths that end while others go on


def test_it_writes_what_its_own_library_writes(models):
    model, _ = models("gpt2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        written = model.generate(
            torch.from_numpy(IDS),
            attention_mask=torch.ones(IDS.shape, dtype=torch.long),
            do_sample=False,
            max_new_tokens=8,
            prefix_allowed_tokens_fn=lambda row, ids: list(WORDS.tokens),
            pad_token_id=23,
        )
    moves = written.numpy()[:, IDS.shape[1] :] - 19
    paths = write_paths(model, IDS, WORDS, 8)
    np.testing.assert_array_equal(np.where(moves == 4, END, moves), paths[:, : moves.shape[1]])


def test_without_an_end_it_writes_as_long_as_there_is_room(models):
    model, _ = models("gpt2")
    paths = write_paths(model, IDS, Vocabulary(WORDS.moves), 100)
    assert paths.shape == (35, 18 - 10 + 1)
    assert (paths != END).all()


@given(arrays(np.int64, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=st.integers(0, 1)))
def test_the_fewest_tokens_are_read(ids):
    def read(k):
        return len(np.unique(ids[:, :k], axis=0)) * k + len(ids) * (ids.shape[1] - k)

    assert 0 <= shared(ids) < ids.shape[1]
    assert read(shared(ids)) == min(read(k) for k in range(ids.shape[1]))


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (np.full((2, 3), 24), "tokens from 24 to 24; the model's vocabulary has 0 to 23"),
        (np.full((2, 3), -1), "tokens from -1 to -1"),
        (np.zeros((2, 19), int), "gave 19 tokens a query; the model reads at most 18"),
        (np.zeros((2, 3)), r"gave float64 \(2, 3\); expected whole numbers \(query, token\)"),
    ],
)
def test_tokens_that_the_model_does_not_read_are_refused(models, ids, message):
    with pytest.raises(SubjectError, match=message):
        write_paths(models("gpt2")[0], ids, WORDS, 8)
