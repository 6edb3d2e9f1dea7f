"""Print every figure beside its bar; a missed one says SHORT."""

import sys
from collections.abc import Callable

from bench import grading, selection


def main() -> None:
    """Measure and print."""
    label = f"selecting among {selection.TIMES} times the attempts / once the attempts (CPU time)"
    show_figure(label, selection.measure_scaling, selection.BAR)
    label = f"grading {grading.PATCHES} patches, through us / bare run_instance (wall time)"
    show_figure(label, grading.measure_overhead, grading.BAR, grading.find_fault())


def show_figure(label: str, measure: Callable[[], float], bar: float, fault: str = "") -> None:
    """One line; where the figure cannot be had here, it says why."""
    if fault:
        sys.stdout.write(f"{label:<72}     -   left out: {fault}\n")
        return
    ratio = measure()
    verdict = "ok" if ratio <= bar else "SHORT"
    sys.stdout.write(f"{label:<72}{ratio:6.2f}   bar <= {bar:g}   {verdict}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
