"""Images that a task names: pulled where they are missing, once each, with a line now and then."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rematch.agents.sandboxes.containers import DockerConfig, DockerSandbox
from rematch.agents.sandboxes.daemon import connect_docker, translate_errors
from rematch.agents.sandboxes.limits import SandboxLimits
from rematch.errors import AgentError, SandboxError

_SECONDS_BETWEEN = 10.0


class Images:
    """Gets images; safe to use from many threads.

    Args:
        tell: gets lines for the user.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._turns: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._here: set[str] = set()

    def fetch(self, image: str) -> None:
        """Pull an image if it is missing.

        Raises:
            SandboxError: it cannot be had.
        """
        with self._turns[image]:
            if image not in self._here:
                self._fetch(image)
                self._here.add(image)

    def _fetch(self, image: str) -> None:
        from docker.errors import ImageNotFound

        with contextlib.closing(connect_docker()) as client:
            with translate_errors("cannot list images"), contextlib.suppress(ImageNotFound):
                client.images.get(image)
                return
            self._tell(f"pulling image {image}")
            fault = f"image {image} is not on this machine and cannot be pulled"
            with translate_errors(fault):
                name, tag = split_image(image)
                for event in self._report(client.api.pull(name, tag, stream=True, decode=True)):
                    if error := event.get("error"):
                        raise SandboxError(f"{fault}: {error}")

    def _report(self, events: Any) -> Any:
        """The events as they come; tells every ten seconds how far the layers are."""
        layers: dict[str, tuple[int, int]] = {}
        told = time.monotonic()
        for event in events:
            detail = event.get("progressDetail") or {}
            if event.get("status") == "Downloading" and detail.get("total"):
                layers[event["id"]] = (detail["current"], detail["total"])
            if layers and time.monotonic() - told > _SECONDS_BETWEEN:
                told = time.monotonic()
                done, total = (sum(sizes) / 1e6 for sizes in zip(*layers.values(), strict=True))
                self._tell(f"pulling: {done:,.0f} of {total:,.0f} MB")
            yield event


class ImageSandbox(DockerSandbox):
    """A container of a task's own image, in which the work folder stands already.

    Args:
        config: image and work folder.
        limits: what the rollout may use.
        images: gets the image.
        run: names the run in the container's label.
    """

    def __init__(
        self, config: DockerConfig, limits: SandboxLimits, images: Images, run: str = ""
    ) -> None:
        source: Path | None = None
        super().__init__(source, limits, config=config, run=run)
        self._images = images

    def open(self) -> None:
        """Get the image and start the container.

        Raises:
            AgentError: there is no image, so no attempt at this task can be made.
            SandboxError: the container cannot be started.
        """
        try:
            self._images.fetch(self.config.image)
        except SandboxError as error:
            raise AgentError(str(error)) from error
        super().open()


def split_image(image: str) -> tuple[str, str | None]:
    """An image's name and its tag; without tag or digest the tag is `latest`.

    >>> split_image("localhost:5000/a/b")
    ('localhost:5000/a/b', 'latest')
    """
    if "@" in image:
        return image, None
    name, colon, tag = image.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (image, "latest")
