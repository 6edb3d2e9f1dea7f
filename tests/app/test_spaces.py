"""Which spaces a search may have, and which it proposes where it is told none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rematch.app.config import load_config
from rematch.app.relevance import Place
from rematch.app.spaces import check_space, propose_space, read_space
from rematch.data.pools import read_pool
from rematch.errors import InputError, UsageError
from rematch.optimizers.space import parse_space
from tests.app.recordings import atif, make_turns, write, write_pool

MODEL = {"models.judge.model": "openai/m"}
POOL = Place(is_live=False, most_attempts=5, has_patches=True)
LIVE = Place()


def propose(place: Place, **keys: Any) -> dict[str, list[Any]]:
    space = propose_space(load_config([keys]), place)
    return {key: one.list_values() for key, one in space.dimensions.items()}


def test_evidence_on_a_pool_is_searched_for_n_ties_and_features() -> None:
    found = propose(POOL)
    assert set(found) == {"recorded_n", "rtv.ties", "evidence.without"}
    assert found["recorded_n"] == [2, 3, 4, 5]


def test_a_model_on_a_pool_is_searched_for_votes_groups_and_views_too() -> None:
    found = propose(POOL, **MODEL)
    assert {"rtv.votes", "rtv.group_size", "judge.represent"} < set(found)
    assert found["rtv.group_size"] == [2, 3, 4]
    assert "patch" in found["judge.represent"]


def test_without_patches_no_patch_is_shown_and_pairs_draw_no_n() -> None:
    place = Place(is_live=False, most_attempts=2, has_patches=False)
    found = propose(place, **MODEL)
    assert "patch" not in found["judge.represent"]
    assert "recorded_n" not in found
    assert "rtv.group_size" not in found  # pairs make one match, and the check would refuse it


def test_live_is_searched_for_context_k_t_n_and_champion() -> None:
    found = propose(LIVE, n=3)
    assert set(found) == {"context.kind", "context.k", "iterations", "keep_champion", "n"}
    assert (found["n"], found["context.k"]) == ([2, 3], [1, 2, 3])


@pytest.mark.parametrize("keys", [{}, MODEL])
def test_what_is_proposed_on_a_pool_can_matter_there(keys: dict[str, Any]) -> None:
    config = load_config([keys])
    check_space(propose_space(config, POOL), config, POOL)


def test_what_is_proposed_live_can_matter_there() -> None:
    config = load_config([{"n": 4}])
    check_space(propose_space(config, LIVE), config, LIVE)


def test_a_key_passes_if_one_of_its_values_can_matter() -> None:
    config = load_config([MODEL])
    check_space(parse_space({"recorded_n": [3, 5, 9]}, "s"), config, POOL)
    with pytest.raises(UsageError, match="no task has more than 5"):
        check_space(parse_space({"recorded_n": [5, 9]}, "s"), config, POOL)


def test_a_bad_value_of_a_key_is_told_as_in_a_configuration() -> None:
    with pytest.raises(UsageError) as error:
        check_space(parse_space({"rtv.votes": [0]}, "s"), load_config([MODEL]), POOL)
    assert str(error.value).startswith("rtv.votes: ")


def test_a_space_is_read_from_yaml_and_a_missing_file_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "space.yaml"
    file.write_text("rtv.votes: [1, 2]\nrecorded_n: {low: 2, high: 3}\n")
    found = read_space(file)
    assert found.dimensions["recorded_n"].list_values() == [2, 3]
    with pytest.raises(InputError, match="cannot be read"):
        read_space(tmp_path / "none.yaml")


def test_a_pool_says_what_can_be_decided_on_it(tmp_path: Path) -> None:
    patches = read_pool([write_pool(tmp_path / "patches", tasks=1, attempts=4)])
    assert Place.of_pool(patches) == Place(False, 4, True)
    for attempt in range(2):
        write(tmp_path / "states" / f"{attempt}" / "task.json", atif(make_turns(3 + attempt)))
    states = Place.of_pool(read_pool([tmp_path / "states"]))
    assert (states.is_live, states.has_patches) == (False, False)
