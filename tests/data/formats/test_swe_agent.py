"""SWE-agent trajectories."""

from __future__ import annotations

import json

import pytest

from rematch.data.records import Ending
from tests.data.formats.reading import actions_of, messages_of, read_document
from tests.data.formats.samples import swe_agent
from tests.data.formats.wording import PATCH, TASK


def test_steps_end_and_patch() -> None:
    recorded = read_document(swe_agent())
    assert messages_of(recorded) == ["Look.", "I wonder.", "Done."]
    assert actions_of(recorded) == [("ls\n", "shop.py\n", None), ("submit", PATCH, None)]
    assert recorded.trajectory.ending is Ending.SUBMITTED
    assert recorded.patch == PATCH
    assert recorded.problem == TASK
    assert (recorded.usage.calls, recorded.usage.input_tokens) == (3, 1000)
    assert (recorded.usage.output_tokens, recorded.usage.cost_usd) == (50, 0.5)


@pytest.mark.parametrize("as_text", [False, True])
def test_release_1_names_instance_and_problem(as_text: bool) -> None:
    config = {
        "problem_statement": {"id": "shop__basket-1", "text": "Tax!\n"},
        "agent": {"model": {"name": "maker/model"}},
    }
    recorded = read_document(
        {**swe_agent(), "replay_config": json.dumps(config) if as_text else config}
    )
    assert (recorded.instance, recorded.problem) == ("shop__basket-1", "Tax!")
    assert recorded.model == "maker/model"


@pytest.mark.parametrize(
    ("status", "ending"),
    [
        ("submitted", Ending.SUBMITTED),
        ("submitted (exit_cost)", Ending.LIMIT),
        ("exit_cost", Ending.LIMIT),
        ("exit_context", Ending.LIMIT),
        ("exit_total_execution_time", Ending.LIMIT),
        ("exit_command_timeout", Ending.LIMIT),
        ("exit_forfeit", Ending.GAVE_UP),
        ("exit_api", Ending.CRASHED),
        ("exit_environment_error", Ending.CRASHED),
        ("exit_error", Ending.CRASHED),
        ("exit_format", Ending.CRASHED),
        ("early_exit", Ending.CRASHED),
        ("something new", Ending.UNKNOWN),
        (None, Ending.UNKNOWN),
    ],
)
def test_exit_statuses(status: str | None, ending: Ending) -> None:
    document = swe_agent()
    document["info"]["exit_status"] = status
    assert read_document(document).trajectory.ending is ending


def test_no_submission_is_no_patch() -> None:
    document = swe_agent()
    document["info"]["submission"] = None
    assert read_document(document).patch is None


def test_the_problem_is_found_in_the_first_query_too() -> None:
    document = swe_agent()
    document["trajectory"][0]["query"] = document.pop("history")
    assert read_document(document).problem == TASK
