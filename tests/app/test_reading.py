"""Run folders read back, the configuration's reference, and what rollouts weigh in tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from rematch.app.agents import describe_parts, name_agent
from rematch.app.config import Config
from rematch.app.evaluating import evaluate_pool, fit_evidence, read_labelled
from rematch.app.parts import lighten
from rematch.app.reading import load_run, load_task_run, open_run, open_task, report_run_judge
from rematch.app.reference import write_reference
from rematch.data.records import Action, Grade, Pick, Rollout, Step, Task, Trajectory
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
