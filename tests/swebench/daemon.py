"""What stands in the Docker daemon."""

import subprocess


def list_things(kind: str) -> set[str]:
    """The ids of the daemon's networks or volumes."""
    return set(ask_docker(kind, "ls", "--quiet"))


def list_containers(run: str) -> list[str]:
    """The containers of a run, in whatever state."""
    return ask_docker("ps", "--all", "--quiet", "--filter", f"label=rematch.run={run}")


def ask_docker(*command: str) -> list[str]:
    done = subprocess.run(["docker", *command], capture_output=True, text=True, check=True)
    return done.stdout.split()
