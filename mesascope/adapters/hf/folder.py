"""A folder that `save_pretrained` wrote, read offline, without code of its own and from safetensors alone."""

import json
from pathlib import Path
from typing import Any

from mesascope.adapters.libraries import import_extra
from mesascope.core.errors import AgentFileError, said

EXTRA = "hf"
CONFIG, WEIGHTS = "config.json", "*.safetensors"


def load_model(folder: str | Path) -> Any:
    """Load a causal language model from a folder.

    Args:
        folder: What `save_pretrained` wrote. Nothing is downloaded, and no code in it is run.

    Returns:
        The model, in evaluation mode on the CPU and in the precision of its file.

    Raises:
        AgentFileError: It is no such folder; it brings code, weights in pickles or an adapter of another model; it is no
            decoder-only transformer; or its weights are not those that its configuration describes.
        UsageError: transformers or PyTorch is not installed.

    Example:
        >>> load_model("gpt2-of-mine").config.model_type  # doctest: +SKIP
        'gpt2'
    """
    place = Path(folder)
    config = _config(place)
    transformers = import_extra("transformers", EXTRA)
    import_extra("torch", EXTRA)
    auto = import_extra("transformers.models.auto.modeling_auto", EXTRA)
    kind = config.get("model_type")
    if config.get("is_encoder_decoder"):
        raise AgentFileError(
            f"{folder}: {kind} is an encoder with a decoder; expected a decoder-only transformer, such as gpt2"
        )
    if kind not in auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        raise AgentFileError(
            f"{folder}: found a model of type {kind}; expected one that transformers {transformers.__version__} knows as a "
            "causal language model, such as gpt2 or llama"
        )
    _check_files(place)
    transformers.utils.logging.disable_progress_bar()
    try:
        model, found = transformers.AutoModelForCausalLM.from_pretrained(
            str(place), local_files_only=True, trust_remote_code=False, use_safetensors=True, output_loading_info=True
        )
    except Exception as error:
        raise AgentFileError(f"{folder}: transformers does not load this model: {said(error)}") from error
    # What the file lacks is filled in at random, with nothing but a warning.
    wrong = {
        name: sorted(map(str, found.get(name) or ())) for name in ("missing_keys", "unexpected_keys", "mismatched_keys")
    }
    if any(wrong.values()):
        listed = "; ".join(f"{name.replace('_', ' ')}: {', '.join(keys[:4])}" for name, keys in wrong.items() if keys)
        raise AgentFileError(f"{folder}: the weights are not those of its configuration, {listed}")
    return model.eval()


def context_of(model: Any) -> int | None:
    """Most tokens that a model can read; None where its configuration does not say."""
    found = getattr(model.config, "max_position_embeddings", None)
    return found if isinstance(found, int) else None


def _config(place: Path) -> dict[str, Any]:
    path = place / CONFIG
    if not path.is_file():
        found = "a folder without one" if place.is_dir() else "a file" if place.exists() else "nothing there"
        raise AgentFileError(f"{place}: expected a folder of transformers, with a {CONFIG}, found {found}")
    try:
        config = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise AgentFileError(f"{path}: expected JSON: {said(error)}") from error
    if not isinstance(config, dict):
        raise AgentFileError(f"{path}: expected a JSON object, found {type(config).__name__}")
    if "auto_map" in config:
        raise AgentFileError(
            f"{path}: auto_map says that the model is code in its folder, which is not run; expected a model of the library's own"
        )
    return config


def _check_files(place: Path) -> None:
    if (place / "adapter_config.json").exists():
        raise AgentFileError(
            f"{place}: an adapter of another model (adapter_config.json); merge it and save the whole model"
        )
    if not list(place.glob(WEIGHTS)):
        other = sorted(path.name for path in (*place.glob("*.bin"), *place.glob("*.pt"), *place.glob("*.h5")))
        raise AgentFileError(
            f"{place}: expected weights as {WEIGHTS}, found {', '.join(other) or 'none'}"
            + ("; weights in a pickle can run code: save the model again with save_pretrained" if other else "")
        )
