"""The table of variants, as it is printed."""

import io
from typing import Any

from rich.console import Console

from rematch.data.records import Usage
from rematch.report.ablation import ablation_table, describe_references, describe_spending

BASE: dict[str, Any] = {
    "variant": "base",
    "mean": 0.8125,
    "ci95_low": 0.7,
    "ci95_high": 0.9,
    "difference": None,
    "difference_ci95_low": None,
    "difference_ci95_high": None,
    "better": None,
    "worse": None,
    "p": None,
    "p_holm": None,
    "calls": 1200,
    "tokens": 45000,
    "cost_usd": 0.25,
}


def print_table(*rows: dict[str, Any]) -> list[str]:
    text = io.StringIO()
    Console(file=text, width=200).print(ablation_table(rows))
    return text.getvalue().splitlines()


def test_means_and_differences_are_per_cent_and_the_base_has_no_difference() -> None:
    variant = BASE | {
        "variant": "one vote",
        "difference": -0.05,
        "difference_ci95_low": -0.1,
        "difference_ci95_high": 0.0,
        "better": 1,
        "worse": 3,
        "p": 0.625,
        "p_holm": 1.0,
        "cost_usd": None,
    }
    _, base, other = print_table(BASE, variant)
    assert base.split()[:5] == ["base", "81.2", "70.0", "..", "90.0"]
    assert base.split()[-3:] == ["1,200", "45,000", "0.2500"]
    assert "-5.0  -10.0 .. +0.0" in other
    assert other.split()[-7:] == ["1", "3", "0.625", "1.000", "1,200", "45,000", "unknown"]


def test_control_characters_of_a_name_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in "".join(print_table(BASE | {"variant": "a\x1b[31m"}))


def test_spending_says_what_this_session_paid() -> None:
    assert describe_spending({}) == "no model call was made"
    spent = {"judge": Usage(calls=1000, cost_usd=0.5), "summarizer": Usage(calls=5, cost_usd=0.25)}
    assert describe_spending(spent) == "1,005 model calls were made, 0.7500 dollars"
    unpriced = {"judge": Usage(calls=2, cost_usd=None)}
    assert describe_spending(unpriced) == "2 model calls were made, unknown dollars"


def test_references_stand_in_one_line() -> None:
    assert describe_references({"random": 0.5, "oracle": 1.0}) == "random 50.0, oracle 100.0"
