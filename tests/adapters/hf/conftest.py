"""Small language models of transformers, saved as their owners save them."""

import warnings

import pytest


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Small models by name, untrained, with weights large enough to write different paths; and their folders."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")
    transformers = pytest.importorskip("transformers", reason="transformers is not installed: tests/QUARANTINES.md")
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    kinds = {
        "gpt2": lambda: transformers.GPT2LMHeadModel(
            transformers.GPT2Config(
                vocab_size=24, n_positions=18, n_embd=16, n_layer=2, n_head=2, bos_token_id=23, eos_token_id=23
            )
        ),
        "llama": lambda: transformers.LlamaForCausalLM(
            transformers.LlamaConfig(
                vocab_size=24,
                hidden_size=16,
                intermediate_size=32,
                num_hidden_layers=2,
                num_attention_heads=2,
                max_position_embeddings=18,
                bos_token_id=23,
                eos_token_id=23,
            )
        ),
    }
    made = {}

    def get(name):
        if name not in made:
            torch.manual_seed(0)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = kinds[name]().eval()
                with torch.no_grad():
                    for weight in model.parameters():
                        weight += 0.3 * torch.randn_like(weight)
                folder = tmp_path_factory.mktemp("models") / name
                model.save_pretrained(folder)
            made[name] = model, folder
        return made[name]

    return get
