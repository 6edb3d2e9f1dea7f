#!/bin/bash
# Runs the hidden tests against the project; writes 1 (all pass) or 0 to reward.txt.
# The same file in every task. A report counts only with this run's nonce and the exact
# number of tests, so a project that exits early or prints "OK" earns nothing.
tests=${TESTS_DIR:-/tests} app=${APP_DIR:-/app} out=${VERIFIER_DIR:-/logs/verifier}
reward() { rm -rf "$out/reward.txt" && echo "$1" >"$out/reward.txt"; }
mkdir -p "$out" && reward 0 || exit 2
[ -r "$tests/test_hidden.py" ] || { echo "no hidden tests in $tests" >&2; exit 2; }

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
nonce=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
expected=$(grep -c '^    def test_' "$tests/test_hidden.py")

# Bytecode lying in the project is not read: the tests run on a copy without it.
cp -R "$app/" "$work/app"
find "$work/app" -name '*.pyc' -delete

# -I -S: neither the environment nor installed packages get in. The project comes last on
# the path, so it shadows nothing of the standard library.
python3 -I -S -B - "$work/app" "$tests/test_hidden.py" "$work/report" 3<<<"$nonce" <<'PY'
import importlib.util
import signal
import sys
import unittest


class Tally(unittest.TestResult):
    passed = 0

    def addSuccess(self, test):
        self.passed += 1


def main(app, hidden, report):
    with open(3) as pipe:
        nonce = pipe.read().strip()
    untouched = dict(vars(unittest.TestCase))
    signal.alarm(20)  # tests that hang earn nothing
    del sys.argv[1:]
    sys.path.append(app)
    spec = importlib.util.spec_from_file_location("hidden", hidden)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tally = Tally()
    unittest.defaultTestLoader.loadTestsFromModule(module).run(tally)
    for test, trace in tally.failures + tally.errors:
        print(f"FAILED {test}\n{trace}")
    if dict(vars(unittest.TestCase)) == untouched:
        with open(report, "w") as file:
            file.write(f"{nonce} {tally.passed}")


main(*sys.argv[1:])
PY
if [ "$(cat "$work/report" 2>/dev/null)" = "$nonce $expected" ]; then reward 1; else reward 0; fi
