"""pallets__flask-5014 as the tests use it: its record, and patches of every kind."""

import json
import subprocess
from pathlib import Path

import pytest

IMAGE = "sweb.eval.x86_64.pallets_1776_flask-5014:local"
ID = "pallets__flask-5014"
OWN_RECORD = Path(__file__).parent / "flask_5014" / "record.json"
FIXED_FILE = "src/flask/blueprints.py"

# The harness leaves the daemon's answers, and their sockets, to the garbage collector.
LEFT_TO_THE_COLLECTOR = (
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
)

_CHECK = """\
diff --git a/src/flask/blueprints.py b/src/flask/blueprints.py
--- a/src/flask/blueprints.py
+++ b/src/flask/blueprints.py
@@ -192,3 +192,6 @@ class Blueprint(Scaffold):
{blank}
+        if {condition}:
+            {statement}
+
         if "." in name:
             raise ValueError("'name' may not contain a dot '.' character.")
"""
_REFUSE = "raise ValueError(\"'name' may not be empty.\")"

GOLD = _CHECK.format(blank=" ", condition="not name", statement=_REFUSE)
WRONG = _CHECK.format(blank=" ", condition="name is None", statement=_REFUSE)
BREAKING = _CHECK.format(blank=" ", condition='not name or "a" in name', statement=_REFUSE)
HANGING = _CHECK.format(blank=" ", condition="not name", statement="import time; time.sleep(1_000)")
NO_PATCH = "I have fixed it: an empty name is refused now.\n"


def find_base_commit() -> str:
    """The image's first commit."""
    command = ["docker", "run", "--rm", "--network", "none", IMAGE, "git", "rev-parse", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def write_record(target: Path, shared: Path | None) -> Path:
    """Write the instance's record for the image on this machine.

    Args:
        target: the .json file.
        shared: the folder of shared data, whose record holds every test; None takes ours.
    """
    theirs = shared / "swe-bench-instances" / "flask-5014.v5.json" if shared else None
    source = theirs if theirs and theirs.is_file() else OWN_RECORD
    loaded = json.loads(source.read_text())
    record = loaded[0] if isinstance(loaded, list) else loaded
    text = json.dumps([record]).replace(record["base_commit"], find_base_commit())
    target.write_text(text)
    return target
