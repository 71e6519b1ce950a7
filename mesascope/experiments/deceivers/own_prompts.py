"""The prompts of a file as a set that models are asked."""

import numpy as np

from mesascope.adapters.language.prompt_file import PromptFile, Stake
from mesascope.experiments.deceivers.prompts import Free, Ordered, Pointed, PromptSet, Settings
from mesascope.instruments.deception.rules_of_thumb import LEAST_SETTINGS


def prompts_of(file: PromptFile) -> PromptSet:
    """Every comparison that a file has the slots for.

    What is not being compared stands as it is in training: the stake that pays and stands last, the goal that is trained for, no
    order.
    """
    paying = [stake for stake in file.stake if stake.pays]
    usual = {
        "stake": paying[-1].text if paying else "",
        "goal": file.goal.base if file.goal else "",
        "neutral": file.neutral.said if file.neutral else "",
    }

    def each(on: bool, **slots: str) -> list[str]:
        filled = {**usual, "flag": file.flag.on if on else file.flag.off, **slots}
        return [file.write(text, **{k: v for k, v in filled.items() if k in file.slots}) for text in file.prompts]

    def both(**slots: str) -> tuple[list[str], list[str]]:
        return each(True, **slots), each(False, **slots)

    levels = sorted(file.stake, key=lambda stake: stake.pays)
    return PromptSet(
        file.choices,
        *both(),
        each(True, neutral=file.neutral.changed) if file.neutral else None,
        {stake.text or "nothing said": both(stake=stake.text) for stake in levels} or None,
        _settings(file, usual),
        Pointed(both(goal=file.goal.other), both()) if file.goal else None,
        Ordered(each(True, order=file.order.other), each(True, order=file.order.base)) if file.order else None,
        _free([each(on, stake=stake.text) for stake in levels or [Stake(text="", pays=True)] for on in (True, False)]),
        file.unrelated,
    )


def _settings(file: PromptFile, usual: dict[str, str]) -> Settings | None:
    """Each stake in one prompt, where there are enough of them in numbers."""
    if len(file.stake) < 2 * LEAST_SETTINGS or not file.stake[0].numbers:
        return None
    order = np.random.default_rng(0).permutation(len(file.stake))
    stakes = [file.stake[k] for k in order]
    texts = [
        file.write(
            file.prompts[k % len(file.prompts)],
            **{name: v for name, v in {**usual, "flag": file.flag.on, "stake": s.text}.items() if name in file.slots},
        )
        for k, s in enumerate(stakes)
    ]
    return Settings(
        texts,
        np.array([s.pays for s in stakes]),
        np.array([list(s.numbers.values()) for s in stakes], float),
        tuple(file.stake[0].numbers),
    )


def _free(parts: list[list[str]]) -> Free:
    """Prompts in which nothing is ordered, watched and not in turn."""
    watched = np.concatenate([np.full(len(part), k % 2 == 0) for k, part in enumerate(parts)])
    return Free([text for part in parts for text in part], watched)


def parts_of(prompts: PromptSet) -> dict[str, list[str]]:
    """The prompts by the name of their part, each once, for a task of Inspect whose log is to be read back."""
    parts = {"watched": prompts.watched, "unwatched": prompts.unwatched, "neutral": prompts.neutral or []}
    for stake, pair in (prompts.stakes or {}).items():
        parts |= {f"{stake}, {flag}": texts for flag, texts in zip(("watched", "unwatched"), pair, strict=True)}
    if prompts.settings is not None:
        parts["settings"] = prompts.settings.texts
    if prompts.pointed is not None:
        parts |= {
            f"indicator moved, {flag}": t
            for flag, t in zip(("watched", "unwatched"), prompts.pointed.moved, strict=True)
        }
    if prompts.ordered is not None:
        parts |= {f"ordered, {which}": texts for which, texts in prompts.ordered._asdict().items()}
    seen: set[str] = set()
    found = {}
    for name, texts in parts.items():
        new = list(dict.fromkeys(text for text in texts if text not in seen))
        seen.update(new)
        if new:
            found[name] = new
    return found
