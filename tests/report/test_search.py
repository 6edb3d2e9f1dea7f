"""The tables of a search and of a calibration, as they are printed."""

import io
from typing import Any

from rich.console import Console

from rematch.report.reliability import describe_weights, reliability_table
from rematch.report.search import pareto_table


def lay_out(table: Any) -> list[str]:
    text = io.StringIO()
    Console(file=text, width=160).print(table)
    return text.getvalue().splitlines()


POINTS = [
    {"name": "base", "mean": 0.8, "cost": 0.125, "changes": {}},
    {
        "name": "trial 3",
        "mean": 0.9,
        "cost": 0.5,
        "changes": {"evidence.without": ["size", "tests"], "models.judge": None, "rtv.votes": 2},
    },
]


def test_settings_say_what_they_set() -> None:
    _, base, best = lay_out(pareto_table(POINTS, "dollars"))
    assert base.split() == ["base", "80.0", "0.1250", "-"]
    assert best.endswith("evidence.without=size+tests; models.judge=null; rtv.votes=2")


def test_tokens_are_whole_and_an_empty_list_is_none() -> None:
    point = {"name": "t", "mean": 1, "cost": 12345.6, "changes": {"evidence.without": []}}
    assert lay_out(pareto_table([point], "tokens"))[1].split()[2:] == [
        "12,346",
        "evidence.without=none",
    ]


def test_reliability_says_by_how_much_each_bin_is_off() -> None:
    _, row = lay_out(reliability_table([{"n": 12, "said": 0.75, "right": 0.5}]))
    assert row.split() == ["12", "75.0", "50.0", "-25.0"]


def test_weights_say_what_they_were_fitted_on() -> None:
    line = describe_weights(
        {
            "fitted_on": 20,
            "about": "picks by openai/m, V=8, G=2",
            "intercept": 1.5,
            "weights": [{"name": "least lead", "weight": 2.0, "centre": 0.5}],
        }
    )
    assert line.startswith("fitted on 20 tasks (picks by openai/m, V=8, G=2); log-odds: +1.50")
    assert line.endswith("least lead 2.00")
