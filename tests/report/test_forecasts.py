"""The forecast's table: sums hold, and one unknown price makes the sum's unknown."""

from __future__ import annotations

import io
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from rematch.report.forecasts import forecast_table


@dataclass(frozen=True)
class Row:
    role: str
    calls: int
    input_tokens: int
    output_tokens: int
    dollars: float | None


def draw(rows: list[Row]) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=200, markup=False, soft_wrap=True).print(forecast_table(rows))
    return file.getvalue().splitlines()


def test_a_role_has_its_row_and_all_have_their_sum() -> None:
    rows = [
        Row("summarizer", 1_000, 2_500_000, 9, 1.25),
        Row("judge", 24, 30, 40, 1_234.5),
    ]
    assert draw(rows) == [
        "role        calls at most  tokens read  written     dollars",
        "summarizer          1,000   ~2,500,000       ~9      ~$1.25",
        "judge                  24          ~30      ~40  ~$1,234.50",
        "all                 1,024   ~2,500,030      ~49  ~$1,235.75",
    ]


def test_a_sum_with_an_unknown_price_is_unknown_and_not_too_small() -> None:
    lines = draw([Row("judge", 1, 1, 1, 2.0), Row("agent", 1, 1, 1, None)])
    assert lines[1].endswith("~$2.00")
    assert [line.endswith("price unknown") for line in lines[2:]] == [True, True]


def test_a_price_of_nothing_is_known() -> None:
    assert all(line.endswith("~$0.00") for line in draw([Row("judge", 1, 1, 1, 0.0)])[1:])


NUMBERS = st.integers(0, 10**9)
ROWS = st.lists(
    st.builds(Row, st.sampled_from(["judge", "agent"]), NUMBERS, NUMBERS, NUMBERS, st.none()),
    max_size=5,
)


def read(line: str) -> list[int]:
    cells = line.replace("price unknown", "").split()[1:]
    return [int(cell.lstrip("~").replace(",", "")) for cell in cells if not cell.startswith("~$")]


@given(ROWS)
def test_the_last_row_is_the_sum_of_the_others(rows: list[Row]) -> None:
    lines = draw(rows)
    assert len(lines) == len(rows) + 2
    told = [read(line) for line in lines[1:]]
    assert told[-1] == [sum(column) for column in zip(*told[:-1], strict=True)] or not rows
    assert rows or told == [[0, 0, 0]]
