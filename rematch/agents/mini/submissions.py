"""What of a work folder's changes an agent meant to submit.

SWE-bench's instructions have it write the patch of the files it chooses and print that; scripts
and notes beside them are no part of the answer. We believe its choice of files, not its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_HEADER = "diff --git "
_NAME = re.compile(r'^(?:\+\+\+|---) ("?)[abciwo]/(.*?)\1(?:\t.*)?$', re.MULTILINE)
_RENAME = re.compile(r'^(?:rename|copy) (?:from|to) ("?)(.*?)\1$', re.MULTILINE)
_OWN_FILE = "patch.txt"
"""The file that the instructions have the agent write."""


def narrow_patch(patch: str, submission: str) -> str:
    """The part of a patch that concerns the files which a submitted patch names.

    Where the submission names none of them, all but the file that holds it.

    Args:
        patch: of the whole work folder, as git writes it.
        submission: what the agent printed at its end, or "".
    """
    sections = list(split_patch(patch))
    named = {match[2] for found in (_NAME, _RENAME) for match in found.finditer(submission)}
    kept = [text for name, text in sections if name in named]
    return "".join(kept or [text for name, text in sections if name != _OWN_FILE])


def split_patch(patch: str) -> Iterator[tuple[str, str]]:
    """Each file's name, quoted as git does, and its part of a patch without renames."""
    starts = [match.start() for match in re.finditer(f"^{_HEADER}", patch, re.MULTILINE)]
    for start, end in zip(starts, [*starts, len(patch)][1:], strict=True):
        text = patch[start:end]
        both = text.partition("\n")[0].removeprefix(_HEADER)
        first = both[: len(both) // 2]  # "a/NAME b/NAME", both quoted or none
        yield first.strip('"').removeprefix("a/"), text
