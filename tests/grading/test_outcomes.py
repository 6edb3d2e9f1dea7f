"""The harness' files tell a patch that does not apply, a time-out and a fault apart."""

import json
from pathlib import Path
from typing import Any

import pytest

from rematch.grading.outcomes import FINAL, read_outcome

LOG = "2026-01-02 03:04:05,678 - INFO - "


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def report(**fields: Any) -> str:
    return json.dumps({"a__b-1": fields})


def status(failed: list[str], passed: list[str]) -> dict[str, dict[str, list[str]]]:
    return {
        "FAIL_TO_PASS": {"failure": failed, "success": passed},
        "PASS_TO_PASS": {"failure": [], "success": ["t"]},
    }


def test_a_report_decides(tmp_path: Path) -> None:
    write(tmp_path, report__json=report(resolved=True, tests_status=status([], ["a"])))
    assert read_outcome(tmp_path, "a__b-1") == ("graded", 1.0, "")
    write(tmp_path, report__json=report(resolved=False, tests_status=status(["a"], ["b", "c"])))
    detail = "FAIL_TO_PASS: 2 of 3 pass, not a; PASS_TO_PASS: 1 of 1 pass"
    assert read_outcome(tmp_path, "a__b-1") == ("graded", 0.0, detail)


def test_many_failing_tests_are_shortened(tmp_path: Path) -> None:
    names = [f"t{number}" for number in range(9)]
    write(tmp_path, report__json=report(resolved=False, tests_status=status(names, [])))
    assert "not t0, t1, t2, t3, t4, ...;" in read_outcome(tmp_path, "a__b-1")[2]


def test_tests_without_a_readable_result_are_graded_and_told(tmp_path: Path) -> None:
    write(tmp_path, report__json=report(resolved=False, infra_failure_reason="out_of_memory"))
    outcome = read_outcome(tmp_path, "a__b-1")
    assert outcome[:2] == ("graded", 0.0)
    assert outcome[2].endswith("(the harness suspects: out_of_memory)")


def test_a_patch_that_does_not_apply(tmp_path: Path) -> None:
    error = ">>>>> Patch Apply Failed:\npatch: **** Only garbage was found.\n"
    text = f"{LOG}{error}\n{LOG}Traceback (most recent call last):\n  x\n"
    write(tmp_path, run_instance__log=text, patch__diff="x")
    assert read_outcome(tmp_path, "a__b-1") == (
        "patch-failed",
        0.0,
        "patch: **** Only garbage was found.",
    )


def test_a_patch_cannot_claim_that_it_did_not_apply(tmp_path: Path) -> None:
    text = f"{LOG}Git diff before:\n+>>>>> Patch Apply Failed:\n{LOG}boom\n"
    write(tmp_path, run_instance__log=text, patch__diff="x", eval__sh="x")
    assert read_outcome(tmp_path, "a__b-1")[0] == "grader-failed"


def test_a_time_out(tmp_path: Path) -> None:
    output = "..F\n\n\nTimeout error: 30 seconds exceeded."
    write(tmp_path, run_instance__log=LOG, eval__sh="x", test_output__txt=output)
    expected = ("timeout", 0.0, "the tests did not end within 30 seconds")
    assert read_outcome(tmp_path, "a__b-1") == expected


def test_whatever_else_went_wrong_is_no_verdict(tmp_path: Path) -> None:
    write(tmp_path, run_instance__log=f"{LOG}x\n{LOG}no space left\n")
    assert read_outcome(tmp_path, "a__b-1")[::2] == ("grader-failed", f"{LOG}no space left")
    assert read_outcome(tmp_path / "none", "a__b-1")[2] == "the harness left no log"
    assert "grader-failed" not in FINAL


def test_a_report_decides_whatever_the_other_files_say(tmp_path: Path) -> None:
    """It is written last: a log that quotes a failure is older."""
    files = {
        "report__json": report(resolved=True),
        "test_output__txt": "Timeout error: 30 seconds exceeded.",
        "run_instance__log": f"{LOG}>>>>> Patch Apply Failed:\nno\n",
    }
    assert read_outcome(write(tmp_path, **files), "a__b-1") == ("graded", 1.0, "")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00"])
def test_half_a_report_is_none(tmp_path: Path, text: str) -> None:
    """A grading that was killed while it wrote: the log tells what it knows."""
    write(tmp_path, report__json=text, run_instance__log=f"{LOG}killed\n")
    assert read_outcome(tmp_path, "a__b-1") == ("grader-failed", 0.0, f"{LOG}killed")


@pytest.mark.parametrize("resolved", [None, False, "true", 1, "yes"])
def test_only_true_is_resolved(tmp_path: Path, resolved: Any) -> None:
    write(tmp_path, report__json=report(resolved=resolved, tests_status=status(["a"], [])))
    assert read_outcome(tmp_path, "a__b-1")[:2] == ("graded", 0.0)


def test_a_report_of_another_instance_resolves_nothing(tmp_path: Path) -> None:
    write(tmp_path, report__json=report(resolved=True))
    outcome = read_outcome(tmp_path, "a__b-2")
    assert outcome == ("graded", 0.0, "the tests gave no result that can be read")


def test_tests_that_ran_into_their_limit_say_so_last(tmp_path: Path) -> None:
    """A test that prints such a line and goes on did not time out."""
    output = "Timeout error: 30 seconds exceeded.\n1 failed\n"
    write(tmp_path, run_instance__log=f"{LOG}boom\n", eval__sh="x", test_output__txt=output)
    assert read_outcome(tmp_path, "a__b-1")[0] == "grader-failed"


def test_long_details_keep_what_matters(tmp_path: Path) -> None:
    """Of a log its end, of a list of tests its beginning."""
    names = ["t" * 900 + str(number) for number in range(9)]
    write(tmp_path, report__json=report(resolved=False, tests_status=status(names, [])))
    detail = read_outcome(tmp_path, "a__b-1")[2]
    assert len(detail) == 2_000 and detail.startswith("FAIL_TO_PASS: 0 of 9 pass, not ttt")
    (tmp_path / "report.json").unlink()
    write(tmp_path, run_instance__log=f"{LOG}{'x' * 5_000} the end")
    detail = read_outcome(tmp_path, "a__b-1")[2]
    assert len(detail) == 2_000 and detail.endswith(" the end")


def test_output_that_is_no_text_is_read_all_the_same(tmp_path: Path) -> None:
    write(tmp_path, run_instance__log=LOG, eval__sh="x")
    (tmp_path / "test_output.txt").write_bytes(b"\xff\xfe\nTimeout error: 9 seconds exceeded.")
    assert read_outcome(tmp_path, "a__b-1")[0] == "timeout"


def test_a_patch_that_does_not_apply_for_no_reason_is_told(tmp_path: Path) -> None:
    write(tmp_path, run_instance__log=f"{LOG}>>>>> Patch Apply Failed:\n{LOG}Traceback\n")
    assert read_outcome(tmp_path, "a__b-1") == ("patch-failed", 0.0, "the patch does not apply")


def test_no_verdict_is_never_kept_and_each_verdict_is() -> None:
    assert set(FINAL) == {"graded", "patch-failed", "timeout"}
