"""`rematch evaluate`'s table and CSV, made from an evaluation rather than from rows by hand."""

from __future__ import annotations

import csv
import io

import pytest
from rich.console import Console

from rematch.optimizers.evaluation import Evaluation, evaluate
from rematch.optimizers.labelled import LabelledPool
from rematch.report.evaluation import evaluation_table, write_csv
from tests.optimizers.makers import make_task

MIXED = make_task("a", (1, 0, 0), ({"submitted": 1.0}, {}, {}), steps=(5, 3, 9))
SAME = make_task("b", (1, 1), steps=(1, 2))


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    picks = {"openai/judge": {"a": "a-1", "b": "b-0"}}
    return evaluate(LabelledPool((MIXED, SAME)), picks=picks)


def lay_out(evaluation: Evaluation) -> dict[str, str]:
    text = io.StringIO()
    Console(file=text, width=200, markup=False, highlight=False, soft_wrap=True).print(
        evaluation_table(evaluation.rows())
    )
    lines = [line.rstrip() for line in text.getvalue().splitlines()]
    return {line.split("  ")[0]: line for line in lines}


def test_every_selector_and_every_group_left_out_has_its_line(evaluation: Evaluation) -> None:
    lines = lay_out(evaluation)
    assert next(iter(lines)) == "selector"
    for name in ("random", "fewest-steps", "evidence", "evidence-cv", "openai/judge"):
        assert name in lines
    assert {f"evidence without {group}" for group in evaluation.ablation} < lines.keys()


def test_a_reference_is_not_tested_against_itself(evaluation: Evaluation) -> None:
    lines = lay_out(evaluation)
    assert lines["random"].split()[-2:] == ["-", "1.000"]
    assert lines["fewest-steps"].split()[-2:] == ["1.000", "-"]
    assert lines["evidence without size"].split()[-2:] == ["-", "-"]


def test_without_mixed_outcomes_neither_gap_nor_mixed_mean_is_claimed() -> None:
    line = lay_out(evaluate(LabelledPool((SAME,))))["evidence"]
    picked, *_, gap, mixed, random, fewest = line.split()[1:]
    assert (picked, gap, mixed) == ("100.0", "-", "-")
    assert (random, fewest) == ("1.000", "1.000")


def test_csv_and_evaluation_say_the_same(evaluation: Evaluation) -> None:
    rows = {
        row["selector"]: row for row in csv.DictReader(io.StringIO(write_csv(evaluation.rows())))
    }
    assert len(rows) == len(evaluation.selectors) + len(evaluation.ablation)
    for name, result in evaluation.selectors.items():
        row = rows[name]
        assert float(row["picked_mean"]) == result.picked_mean
        assert (float(row["ci95_low"]), float(row["ci95_high"])) == result.ci95
        assert float(row["gain"]) == result.gain
        assert row["n_tasks"] == "2"
        tested = [key[2:] for key in ("p_random", "p_fewest-steps") if row[key]]
        assert tested == list(result.tests)


def test_the_file_has_one_header_and_unix_lines(evaluation: Evaluation) -> None:
    text = write_csv(evaluation.rows())
    assert text.endswith("\n") and "\r" not in text
    assert text.count("selector,") == 1
