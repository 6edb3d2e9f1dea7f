import json
import os
import signal
import subprocess
import sys
import urllib.request

import pytest

from rematch.testing import __all__ as exported
from tests.testing.client import chat


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_stopped(stop: signal.Signals) -> None:
    command = [sys.executable, "-m", "rematch.testing", "--command", "ls", "--seed", "3"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        tool = {"type": "function", "function": {"name": "bash"}}
        body = chat([{"role": "user", "content": "Mend it."}], tools=[tool])
        data = json.dumps(body).encode()
        with urllib.request.urlopen(f"{url}/chat/completions", data, timeout=10) as response:
            reply = json.load(response)
        server.send_signal(stop)
        _, errors = server.communicate(timeout=10)
    call = reply["choices"][0]["message"]["tool_calls"][0]
    assert call["function"]["arguments"] == '{"command": "ls"}'
    assert server.returncode == 0
    assert "1 calls" in errors


def test_everything_exported_is_sorted_and_there() -> None:
    import rematch.testing

    assert sorted(exported, key=lambda name: (not name.isupper(), name)) == exported
    assert all(hasattr(rematch.testing, name) for name in exported)
