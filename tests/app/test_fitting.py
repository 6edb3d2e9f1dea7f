"""What parts are given of the configuration: prompts that fit the window, views, weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rematch.app.config import Config, load_config
from rematch.app.fitting import choose_view, fit_summarizer, read_weights
from rematch.errors import InputError, UsageError
from rematch.evidence.scoring import load_model
from rematch.programs.views import PatchView, TrajectoryView, represent_summary
from rematch.runs.models import ModelConfig, find_window
from tests.programs.makers import make_entrant

UNKNOWN = ModelConfig(model="openai/no-such-model")
SMALL = ModelConfig(model="openai/gpt-4", max_tokens=1_000)


def config(**keys: Any) -> Config:
    return load_config([{"models.judge.model": "openai/m", **keys}])


def test_entrants_of_a_match_share_the_judges_tokens() -> None:
    keys = {"judge.represent": "trajectory", "judge.input_tokens": 9_000, "rtv.group_size": 3}
    assert choose_view(config(**keys), UNKNOWN) == TrajectoryView(3_000)
    patch = config(**{**keys, "judge.represent": "patch"})
    assert choose_view(patch, UNKNOWN) == PatchView(3_000)


def test_a_small_window_lowers_what_is_shown() -> None:
    window = find_window(SMALL.model)
    assert window is not None and window < 48_000, "the price list knows this model"
    room = window - 1_000
    view = choose_view(config(**{"judge.represent": "patch"}), SMALL)
    assert view == PatchView(room // 2)
    assert fit_summarizer(config(), SMALL).input_tokens == room
    assert fit_summarizer(config(), UNKNOWN).input_tokens == 48_000


def test_facts_stand_in_place_of_a_models_summary() -> None:
    entrant = make_entrant("r", says="All is well, says the model.", steps=3)
    shown = choose_view(config(**{"judge.represent": "evidence"}), UNKNOWN)(entrant)
    assert "after 3 steps" in shown and "All is well" not in shown
    assert choose_view(config(), UNKNOWN) is represent_summary


def test_groups_that_are_left_out_have_no_weight() -> None:
    whole = load_model().weights
    scorer = read_weights(config(**{"evidence.without": ["size", "tests"]}))
    kept = {weight.name for weight in scorer.model.weights}
    assert kept == {w.name for w in whole if w.group not in ("size", "tests")}
    assert len(read_weights(config()).model.weights) == len(whole)


def test_a_file_of_weights_that_is_none_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_weights(config(**{"evidence.weights": str(tmp_path / "none.json")}))
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(InputError, match="no scoring model"):
        read_weights(config(**{"evidence.weights": str(tmp_path / "bad.json")}))
