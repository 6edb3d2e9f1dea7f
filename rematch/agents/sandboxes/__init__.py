"""Sandboxes: one fresh copy of a task's environment for one rollout, in one of three kinds.

| | bwrap | docker | process |
|---|---|---|---|
| network | none | none, or by option | this user's |
| files | /usr, Python, its copy | the image, its copy | all of this user's |
| memory | control group, else looked at [1] | control group | RLIMIT_DATA, looked at [1] |
| processes | RLIMIT_NPROC, control group [2] | control group | looked at [1] |
| disk | looked at [1] | quota of the driver, else looked at [3] | looked at [1] |
| number of files | looked at [1] | not limited | looked at [1] |
| one file | RLIMIT_FSIZE | RLIMIT_FSIZE | RLIMIT_FSIZE |
| time | all processes killed | all processes killed | session and marked processes killed |
| background processes | end with their command | end with the sandbox | end with their command |

[1] Every tenth of a second while a command runs, so what is written in that time comes on top.
Files that are open but in no folder, and files in memory, count only through what the machine
has left: the command is stopped below 1 GiB of disk or 512 MiB of memory.
[2] Control groups where this process may make them (mostly as root); otherwise the same look as
for `process`. Linux before 5.14 counts a user's processes outside the sandbox too.
[3] Every half second, without files that are open but in no folder.
"""

from rematch.agents.sandboxes.base import CommandResult, Sandbox
from rematch.agents.sandboxes.bwrap import BwrapSandbox
from rematch.agents.sandboxes.choose import (
    SandboxChoice,
    SandboxConfig,
    choose_sandbox,
    sweep,
)
from rematch.agents.sandboxes.containers import DockerConfig, DockerSandbox
from rematch.agents.sandboxes.limits import SandboxLimits
from rematch.agents.sandboxes.process import ProcessSandbox

__all__ = [
    "BwrapSandbox",
    "CommandResult",
    "DockerConfig",
    "DockerSandbox",
    "ProcessSandbox",
    "Sandbox",
    "SandboxChoice",
    "SandboxConfig",
    "SandboxLimits",
    "choose_sandbox",
    "sweep",
]
