"""The benchmarks' own parts: what they compare is what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import grading
from bench.__main__ import main
from bench.figures import Figure


def test_the_graded_patches_are_all_different_and_all_of_the_same_change() -> None:
    patches = grading.write_patches("a", 3)
    assert len(set(patches) | set(grading.write_patches("b", 3))) == 6
    for patch in patches:
        assert "raise ValueError" in patch
        assert sum(line.startswith("+") for line in patch.splitlines()) == 4


def test_the_bare_harness_is_one_that_we_have_not_touched() -> None:
    pytest.importorskip("swebench", reason="needs swebench")
    from rematch.grading.harness import load_harness

    ours = load_harness()
    bare = grading.load_bare()
    assert bare.RUN_EVALUATION_LOG_DIR is not ours.logs
    assert bare.setup_logger.__module__.startswith("swebench.")
    assert "print" not in vars(bare)


def test_a_figure_that_needs_docker_says_so_in_a_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    fault = grading.find_fault()
    assert fault == "Docker is not installed"
    main(["grading"])
    assert capsys.readouterr().out == "grading: left out: Docker is not installed\n"


@pytest.mark.parametrize(("value", "verdict"), [(1.2, "ok"), (1.21, "SHORT")])
def test_a_missed_bar_says_short(value: float, verdict: str) -> None:
    shown = Figure("grading", value, 1.2).show()
    assert shown.split()[-5:] == [f"{value:.3f}", "bar", "<=", "1.2", verdict]
