from __future__ import annotations

import pytest

from rematch.evidence.commands import is_scratch, is_test, read_command, same_file

RUNS = {
    "pytest -q tests": "pytest",
    "cd /testbed && python -m pytest tests/test_a.py -x 2>&1 | tail -5": "pytest",
    "python3.11 -W ignore -m pytest": "pytest",
    ".venv/bin/pytest": "pytest",
    "PYTHONPATH=src timeout 60 pytest": "pytest",
    "python -m unittest discover": "unittest",
    "./manage.py test app": "unittest",
    "nosetests": "nose",
    "tox -e py311": "tox",
    "go test ./...": "go test",
    "cargo test --release": "cargo test",
    "npm test": "npm test",
    "yarn run test:unit": "npm test",
    "npx jest --ci": "jest",
    "node --test": "node --test",
    "make -C build check": "make test",
    "ctest --output-on-failure": "ctest",
    "mvn -q test": "maven",
    "./gradlew test": "gradle",
    "bundle exec rspec": "rspec",
    "vendor/bin/phpunit": "phpunit",
    "dotnet test": "dotnet test",
    "bin/test sympy/core": "bin/test",
    "python test_fix.py": "script",
    "python3 /tmp/edge_test.py": "script",
    "python tests/runtests.py admin": "script",
    "bash run_tests.sh": "script",
    "./run_tests.sh": "script",
    "node test.js": "script",
}
NO_RUNS = (
    "pip install pytest",
    "grep -rn pytest .",
    "cat test_fix.py",
    "pytest --version",
    "pytest --collect-only",
    "which tox",
    "echo 'pytest'",
    "test -f a.py && ls",
    "ls tests",
    "python setup.py build",
    "git checkout tests/test_a.py",
    "vim test_a.py",
)


@pytest.mark.parametrize(("command", "runner"), RUNS.items())
def test_test_runs_are_recognised(command: str, runner: str) -> None:
    tests = read_command(command).tests
    assert tests is not None
    assert tests.runner == runner


@pytest.mark.parametrize("command", NO_RUNS)
def test_what_only_names_tests_is_no_run(command: str) -> None:
    assert read_command(command).tests is None


@pytest.mark.parametrize(
    ("command", "masked"),
    [
        ("pytest", False),
        ("cd a && pytest", False),
        ("pytest && echo done", False),
        ("pytest | tail", True),
        ("pytest; echo $?", True),
        ("pytest || true", True),
        ("pytest\necho done", True),
    ],
)
def test_a_hidden_exit_code_is_seen(command: str, masked: bool) -> None:
    tests = read_command(command).tests
    assert tests is not None
    assert tests.masked is masked


@pytest.mark.parametrize(
    ("command", "edits"),
    [
        ("cat > src/a.py <<'EOF'\nx\nEOF", ("src/a.py",)),
        ("cat <<EOF >> b.txt\nx\nEOF", ("b.txt",)),
        ("echo hi > /dev/null", ()),
        ("ls > out.txt", ()),
        ("pytest 2>&1 > log", ()),
        ("sed -i 's/a/b/' src/a.py", ("src/a.py",)),
        ("sed -n '1,5p' src/a.py", ()),
        ("cat x | tee y.log", ("y.log",)),
        ("git apply <<'EOF'\n--- a/x.py\n+++ b/x.py\nEOF", ("x.py",)),
        ("git apply fix.diff", ("",)),
        ("apply_patch <<'EOF'\n*** Update File: a/b.py\nEOF", ("a/b.py",)),
        ("python3 - <<'EOF'\nopen('out.json', 'w').write('x')\nEOF", ("out.json",)),
        ("python3 - <<'EOF'\nPath('o.md').write_text('x')\nEOF", ("o.md",)),
        ("python3 - <<'EOF'\nopen('in.json').read()\nEOF", ()),
        ("str_replace_editor create /testbed/a.py --file_text 'x'", ("/testbed/a.py",)),
        ('str_replace_editor {"command":"view","path":"/a.py"}', ()),
        ('str_replace_editor {"command":"str_replace","path":"/a.py"}', ("/a.py",)),
        ('Edit {"file_path":"/r/a.py","old_string":"x"}', ("/r/a.py",)),
        ("edit 10:20\nx\nend_of_edit", ("",)),
    ],
)
def test_edits_are_recognised(command: str, edits: tuple[str, ...]) -> None:
    assert read_command(command).edits == edits


def test_submissions_are_recognised() -> None:
    assert read_command("echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && cat p.txt").submits
    assert read_command("submit").submits
    assert not read_command("git submodule update").submits


def test_files_are_told_apart() -> None:
    assert is_test("tests/unit/test_a.py")
    assert is_test("pkg/a_test.go")
    assert not is_test("src/contest.py")
    assert is_scratch("/tmp/x.py")
    assert is_scratch("reproduce_issue.py")
    assert is_scratch("test_fix.py")
    assert not is_scratch("tests/test_fix.py")
    assert not is_scratch("src/check/a.py")


def test_paths_may_mean_one_file() -> None:
    assert same_file("/testbed/src/a.py", "src/a.py")
    assert same_file("./a.py", "a.py")
    assert not same_file("ba.py", "a.py")
