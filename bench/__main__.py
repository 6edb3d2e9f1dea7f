"""Print every figure beside its bar; a missed one says SHORT."""

import sys

from bench.selection import BAR, TIMES, measure_scaling


def main() -> None:
    """Measure and print."""
    ratio = measure_scaling()
    verdict = "ok" if ratio <= BAR else "SHORT"
    label = f"selecting among {TIMES} times the attempts / once the attempts (CPU time)"
    sys.stdout.write(f"{label:<72}{ratio:6.2f}   bar <= {BAR:g}   {verdict}\n")


if __name__ == "__main__":
    main()
