"""What transformers 5.24.0 really does, where the adapter depends on it: another version that differs fails."""

import inspect

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")
transformers = pytest.importorskip("transformers", reason="transformers is not installed: tests/QUARANTINES.md")

IDS = torch.from_numpy(np.random.default_rng(0).integers(0, 24, (1, 6)))


def test_a_cache_that_is_handed_over_grows_even_where_it_is_not_to_be_used(models):
    """5.24.0: `use_cache=False` makes no new cache and still writes into the one it is given; the adapter uses none twice."""
    model, _ = models("gpt2")
    with torch.inference_mode():
        cache = model(IDS[:, :4], use_cache=True).cache
        first = model(IDS[:, 4:5], cache=cache, use_cache=False).logits
        assert cache.get_seq_length() == 5
        assert not torch.allclose(first, model(IDS[:, 4:5], cache=cache, use_cache=False).logits)


def test_caches_are_called_by_a_new_name():
    """5.24.0: `cache`, where versions before took `past_key_values`, which warns; the adapter takes whichever there is."""
    takes = inspect.signature(transformers.GPT2LMHeadModel.forward).parameters
    assert "cache" in takes
    assert "past_key_values" not in takes


def test_a_model_keeps_the_precision_of_its_file(models, tmp_path):
    """5.24.0: a file of half precision gives such a model; versions before 5 made float32 of it unless told otherwise."""
    model, _ = models("gpt2")
    half = transformers.GPT2LMHeadModel(model.config).half()
    half.save_pretrained(tmp_path)
    assert transformers.AutoModelForCausalLM.from_pretrained(tmp_path).dtype == torch.float16
