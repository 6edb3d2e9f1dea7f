"""Run folders read back, the configuration's reference, and what rollouts weigh in tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from rematch.app.agents import describe_parts, name_agent
from rematch.app.config import Config
from rematch.app.evaluating import evaluate_pool, fit_evidence, read_labelled
from rematch.app.parts import lighten, lighten_bracket, share_names
from rematch.app.reading import load_run, load_task_run, open_run, open_task, report_run_judge
from rematch.app.reference import write_reference
from rematch.data.records import Action, Grade, Pick, Rollout, Step, Task, Trajectory, Usage
from rematch.errors import GradingError, InputError
from rematch.runs.folder import RunFolder
from tests.report.makers import make_bracket, make_match


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run of one finished task and one begun."""
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    run.manifest.write_text("{}")
    done = run.task("done")
    done.write_task(Task(id="done", problem="Mend it."))
    for name in ("a", "b"):
        steps = (Step(number=1, message="long", actions=(Action(command="ls", output="x"),)),)
        done.write_rollout(
            Rollout(id=name, task_id="done", trajectory=Trajectory(steps=steps), patch="+x")
        )
    done.write_pick(Pick(task_id="done", rollout_id="a", reasons="better"))
    run.task("begun").write_task(Task(id="begun", problem="Mend it too."))
    return run


def test_a_finished_task_is_read_with_its_steps_counted(folder: RunFolder) -> None:
    folder.task("done").write_grade(Grade(task_id="done", rollout_id="a", reward=1.0))
    folder.task("done").write_grade(
        Grade(task_id="done", rollout_id="b", reward=0.0, status="image-missing")
    )
    (run,) = load_run(folder.path)
    assert run.task_id == "done"
    assert [len(rollout.trajectory.steps) for rollout in run.rollouts] == [1, 1]
    assert all(step.message == "" for r in run.rollouts for step in r.trajectory.steps)
    assert (list(run.grades), list(run.not_graded)) == (["a"], ["b"])
    assert run.reward("a") == 1.0
    assert run.reward("b") is None


def test_what_is_not_finished_is_told(folder: RunFolder) -> None:
    with pytest.raises(GradingError, match="begun: is not finished"):
        load_task_run(folder.task("begun"))
    assert open_task(folder.path, "begun").read_task() is not None
    with pytest.raises(InputError, match="has no task 'none'; it has begun, done"):
        open_task(folder.path, "none")


@pytest.mark.parametrize("name", ["none", "file"])
def test_what_is_no_run_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("x")
    for read in (open_run, load_run, report_run_judge):
        with pytest.raises(InputError, match=f"{name}: is no run folder"):
            read(tmp_path / name)


def test_a_run_without_votes_has_no_judge_to_report(folder: RunFolder) -> None:
    with pytest.raises(InputError, match="holds no votes yet"):
        report_run_judge(folder.path)
    folder.task("done").write_bracket(
        0, make_bracket([make_match("a", "b", ballots=[((0, 1), 0), ((1, 0), 0)])])
    )
    figures = {figure.name: figure.estimate for figure in report_run_judge(folder.path)}
    agreement = figures["agreement"]
    assert agreement is not None
    assert (agreement.mean, agreement.n) == (1.0, 1)


def test_a_light_rollout_keeps_all_but_what_its_steps_say() -> None:
    steps = tuple(Step(number=n, message="m" * 99) for n in (1, 2, 5))
    rollout = Rollout(id="r", task_id="t", trajectory=Trajectory(steps=steps), patch="p")
    light = lighten(rollout)
    assert [step.number for step in light.trajectory.steps] == [1, 2, 5]
    assert light.model_copy(update={"trajectory": rollout.trajectory}) == rollout
    assert lighten(light) == light


def test_a_finished_task_keeps_its_votes_in_the_folder_alone(folder: RunFolder) -> None:
    played = make_bracket([make_match("a", "b", ballots=[((0, 1), 0), ((1, 0), 1)])])
    folder.task("done").write_bracket(0, played)
    (run,) = load_run(folder.path)
    (bracket,) = run.brackets
    assert [match.votes for match in bracket.matches] == [()]
    assert folder.task("done").brackets() == [played]


def test_a_light_bracket_keeps_all_but_its_votes() -> None:
    ballots = [((0, 1), 1), ((1, 0), 1)]
    first = [make_match("a", "b", winner=1, ballots=ballots, early=True), make_match("c", "d")]
    second = [make_match("b", "c", ballots=ballots, tie_break="first")]
    played = make_bracket(first, second, iteration=1, survivors=("b",))
    light = lighten_bracket(played)
    assert not any(match.votes for match in light.matches)
    assert [match.winner_id for match in light.matches] == ["b", "c", "b"]
    assert [match.tie_break for match in light.matches] == ["", "", "first"]
    given = [round_.model_dump(exclude={"matches"}) for round_ in played.rounds]
    assert [round_.model_dump(exclude={"matches"}) for round_ in light.rounds] == given
    assert light.model_copy(update={"rounds": played.rounds}) == played
    assert all(match.votes for match in (played.matches[0], played.matches[2]))
    assert lighten_bracket(light) == light


def test_records_of_the_same_fields_hold_one_set_of_names() -> None:
    one, other = (Usage(calls=calls, input_tokens=7) for calls in (1, 2))
    fewer = Usage(calls=3)
    written = [record.model_dump_json() for record in (one, other, fewer)]
    assert [share_names(record) for record in (one, other, fewer)] == [one, other, fewer]
    assert one.model_fields_set is other.model_fields_set
    assert one.model_fields_set == {"calls", "input_tokens"}
    assert fewer.model_dump(exclude_unset=True) == {"calls": 3}
    assert [record.model_dump_json() for record in (one, other, fewer)] == written


def test_a_changed_copy_leaves_the_shared_names_alone() -> None:
    one, other = Usage(calls=1), Usage(calls=2)
    share_names(one)
    share_names(other)
    changed = one.model_copy(update={"cost_usd": 2.5})
    assert changed.model_dump(exclude_unset=True) == {"calls": 1, "cost_usd": 2.5}
    assert other.model_dump(exclude_unset=True) == {"calls": 2}
    assert one.model_dump(exclude_unset=True) == {"calls": 1}


def test_finished_tasks_share_the_names_of_their_fields(folder: RunFolder) -> None:
    for name in ("a", "b"):
        folder.task("done").write_grade(Grade(task_id="done", rollout_id=name, reward=1.0))
    (run,) = load_run(folder.path)
    first, second = run.rollouts
    for one, other in (
        (first, second),
        (first.usage, second.usage),
        (first.origin, second.origin),
        (first.trajectory, second.trajectory),
        (run.grades["a"], run.grades["b"]),
    ):
        assert one.model_fields_set is other.model_fields_set
        assert one.model_fields_set


def test_the_reference_has_a_row_for_every_key_once() -> None:
    rows = [line for line in write_reference().splitlines() if line.startswith("| `")]
    keys = [row.split("`")[1] for row in rows]
    assert len(set(keys)) == len(keys) > 50
    assert {"seed", "models.ROLE.model", "agent.sandbox.limits.seconds"} <= set(keys)
    for row in rows:
        _, _, default, meaning, _ = [part.strip() for part in row.replace("\\|", "").split("|")]
        assert default and meaning, row


def test_what_is_offline_is_named_so() -> None:
    told = describe_parts(Config())
    assert "no language model" in told
    assert told.endswith("summaries: evidence; judge: evidence")
    assert name_agent(Config()) == "offline"
    models = {"agent": {"model": "a/m"}, "judge": {"model": "b/j"}}
    config = Config.model_validate({"models": models})
    assert describe_parts(config) == (
        "agent: mini-SWE-agent with a/m; summaries: evidence; judge: b/j"
    )
    assert name_agent(config) == "mini"


def test_labels_and_rollouts_have_to_be_there(tmp_path: Path) -> None:
    labels = tmp_path / "labels.tsv"
    with pytest.raises(InputError, match=r"none\.tsv"):
        read_labelled([tmp_path], tmp_path / "none.tsv", 0)
    labels.write_text("task\tattempt\treward\n")
    with pytest.raises(InputError, match="no recorded rollouts found"):
        evaluate_pool([tmp_path], labels, Config())
    with pytest.raises(InputError, match="no recorded rollouts found"):
        fit_evidence([(tmp_path, labels)], 0)
    with pytest.raises(InputError, match="both passing and failing"):
        fit_evidence([], 0)
