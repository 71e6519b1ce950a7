"""Language models that choose: what they answer against transformers itself, edits of the stream, training, and what
is refused."""

import json
import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")
transformers = pytest.importorskip("transformers", reason="transformers is not installed: tests/QUARANTINES.md")

from mesascope.adapters.language.gpt2 import Shape, Steps, new_gpt2, trained
from mesascope.adapters.language.model import LanguageModel, Patch
from mesascope.core.errors import AgentFileError, UsageError

WORDS = ("A", "B", "on", "off", "log", "it", "rains", "take")
TEXTS = ["log on it rains take", "log off take", "it rains log off take", "take"]


@pytest.fixture(scope="module")
def owned():
    torch.set_num_threads(1)
    made = new_gpt2(WORDS, Shape(2, 16, 2, 8), 0)
    with torch.no_grad():
        for weight in made.model.parameters():
            weight += 0.3 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(weight.numel()))
    return made


@pytest.fixture(scope="module")
def folder(owned, tmp_path_factory):
    place = tmp_path_factory.mktemp("models") / "gpt2"
    owned.save(place)
    return place


@pytest.fixture
def model(owned):
    return LanguageModel(owned.model, owned.tokenizer, ("A", "B"))


def test_chances_are_those_of_transformers_asked_one_by_one(model, owned):
    found = model.chances(TEXTS)
    for text, row in zip(TEXTS, found, strict=True):
        ids = torch.tensor([owned.tokenizer(text)["input_ids"]])
        logits = owned.model(ids).logits[0, -1, owned.tokenizer.convert_tokens_to_ids(["A", "B"])]
        np.testing.assert_allclose(row, torch.softmax(logits.double(), 0).detach(), atol=1e-5)


def test_the_stream_is_that_of_the_last_token_of_each_text(model, owned):
    found = model.last(TEXTS)
    assert found.shape == (3, 4, 16)
    for k, text in enumerate(TEXTS):
        ids = torch.tensor([owned.tokenizer(text)["input_ids"]])
        states = owned.model(ids, output_hidden_states=True).hidden_states
        np.testing.assert_allclose(found[:, k], torch.stack(states)[:, 0, -1].detach(), atol=1e-5)


@pytest.mark.parametrize("layer", [0, 1])
def test_writing_another_texts_whole_stream_gives_its_answer(model, layer):
    texts, others = ["log on take", "log off take"], ["it rains take", "log on take"]
    every = np.broadcast_to(np.arange(3), (2, 3))
    patched = model.chances(texts, Patch(layer, every, model.stream(others)[layer]))
    np.testing.assert_allclose(patched, model.chances(others), atol=1e-5)
    assert np.abs(patched - model.chances(texts)).max() > 1e-3


def test_writing_what_is_there_changes_nothing_and_leaves_no_hook(model):
    texts = ["log on take", "log off take"]
    before = model.chances(texts)
    same = model.chances(texts, Patch(1, np.array([[1], [1]]), model.stream(texts)[1][:, 1:2]))
    np.testing.assert_allclose(same, before, atol=1e-5)
    np.testing.assert_array_equal(model.chances(texts), before)


def test_texts_in_another_order_get_the_same_answers(model):
    order = [2, 0, 3, 1]
    np.testing.assert_allclose(model.chances([TEXTS[k] for k in order]), model.chances(TEXTS)[order], atol=1e-5)


def test_training_teaches_a_word_and_leaves_the_first_model_alone(owned, model):
    before = model.chances(TEXTS)
    texts, answers = ["log on it rains take", "log off it rains take"], ["A", "B"]
    taught = trained(owned, texts, answers, Steps(60, 1e-2, 8), 0)
    assert (LanguageModel(taught.model, taught.tokenizer, ("A", "B")).chances(texts).argmax(1) == [0, 1]).all()
    np.testing.assert_array_equal(model.chances(TEXTS), before)


def test_a_model_whose_words_are_tied_cannot_tell_them_apart_whatever_it_is_taught(owned):
    texts, answers = ["log on it rains take", "log off it rains take"], ["A", "B"]
    blind = trained(owned, texts, answers, Steps(30, 1e-2, 8), 0, tied=(("on", "off"),))
    on, off = LanguageModel(blind.model, blind.tokenizer, ("A", "B")).chances(texts)
    np.testing.assert_array_equal(on, off)


def test_a_saved_model_answers_as_it_did(model, folder):
    loaded = LanguageModel.load(folder, ("A", "B"))
    np.testing.assert_allclose(loaded.chances(TEXTS), model.chances(TEXTS), atol=1e-6)
    assert loaded.digest == model.digest


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        (("A", "it rains"), "is 2 tokens of this model"),
        (("A", "A"), "are the same token"),
        (("A", "never"), "is no word of this model's tokenizer"),
    ],
)
def test_choices_that_do_not_fit_are_named(folder, choices, said):
    with pytest.raises(UsageError, match=said):
        LanguageModel.load(folder, choices)


def test_a_prompt_past_the_context_is_named(model):
    with pytest.raises(UsageError, match="has 9 tokens; this model reads at most 8"):
        model.chances(["log on it rains log on it rains take"])


def test_a_model_without_a_tokenizer_is_refused(folder, tmp_path):
    place = tmp_path / "bare"
    shutil.copytree(folder, place)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (place / name).unlink()
    with pytest.raises(AgentFileError, match="a model without a tokenizer"):
        LanguageModel.load(place, ("A", "B"))


def test_weights_in_a_pickle_are_refused(folder, tmp_path):
    place = tmp_path / "pickled"
    shutil.copytree(folder, place)
    (place / "model.safetensors").rename(place / "pytorch_model.bin")
    with pytest.raises(AgentFileError, match="expected weights as"):
        LanguageModel.load(place, ("A", "B"))


def test_another_architecture_is_read_and_written_alike(folder):
    torch.manual_seed(1)
    config = json.loads((folder / "config.json").read_text())
    llama = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=config["vocab_size"],
            hidden_size=16,
            intermediate_size=24,
            num_hidden_layers=3,
            num_attention_heads=2,
            max_position_embeddings=8,
        )
    ).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = LanguageModel(llama, tokenizer, ("A", "B"))
    texts, others = ["log on take", "log off take"], ["it rains take", "log on take"]
    every = np.broadcast_to(np.arange(3), (2, 3))
    patched = model.chances(texts, Patch(2, every, model.stream(others)[2]))
    np.testing.assert_allclose(patched, model.chances(others), atol=1e-5)
