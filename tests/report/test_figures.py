"""Figures: whole files, the same bytes for the same numbers, any name."""

from pathlib import Path
from typing import Any

import pytest

from rematch.report.figures import draw_ablation, draw_pareto

pytest.importorskip("matplotlib")


def rows(*names: str) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        made.append(
            {
                "variant": name,
                "measure": "picked",
                "mean": 0.5 + 0.1 * number,
                "ci95_low": 0.4,
                "ci95_high": 0.8,
                "difference": 0.1 * number if number else None,
                "difference_ci95_low": -0.1 if number else None,
                "difference_ci95_high": 0.3 if number else None,
                "calls": 10 * number,
            }
        )
    return made


def draw(folder: Path, *names: str) -> tuple[str, bytes]:
    svg, png = draw_ablation(rows(*names), {"random": 0.4, "oracle": 0.9}, folder / "figure")
    assert (svg.suffix, png.suffix) == (".svg", ".png")
    return svg.read_text(), png.read_bytes()


def test_both_files_are_whole_and_name_every_variant(tmp_path: Path) -> None:
    svg, png = draw(tmp_path, "base", "one vote")
    assert svg.rstrip().endswith("</svg>")
    assert png.startswith(b"\x89PNG") and png.rstrip().endswith(b"IEND\xaeB`\x82")
    for name in ("base", "one vote", "random", "oracle", "model calls"):
        assert name in svg


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    assert draw(tmp_path / "a", "base", "v") == draw(tmp_path / "b", "base", "v")


def test_names_are_text_whatever_stands_in_them(tmp_path: Path) -> None:
    svg, _ = draw(tmp_path, "base", r"cost $\frac{1}$ & <b>", "x" * 300)
    assert r"cost $\frac{1}$ &amp; &lt;b&gt;" in svg
    assert "x" * 50 not in svg


def test_a_search_is_drawn_with_its_best_and_these_held_out(tmp_path: Path) -> None:
    points = [("trial 3", 0.8, 100.0), ("trial $7$", 0.9, 300.0)]
    held_out = [("base", 0.85, 250.0), ("trial 3", 0.7, 110.0)]
    drawn = []
    for name in ("a", "b"):
        tried = [(0.7, 90.0), (0.8, 100.0), (0.9, 300.0)]
        svg, png = draw_pareto(tried, points, held_out, "tokens", tmp_path / name / "pareto")
        drawn.append((svg.read_text(), png.read_bytes()))
    assert drawn[0] == drawn[1]
    for text in ("trial 3", "trial $7$", "base", "tokens per task", "held out"):
        assert text in drawn[0][0]
