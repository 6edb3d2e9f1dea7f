"""SWE-bench predictions: `preds.json` (by instance, or a list), `.jsonl`, one `.pred`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rematch.data.formats.parts import as_dict, as_name
from rematch.data.formats.recorded import ONLY_PATCH, Recorded


def matches(document: Any) -> bool:
    """Whether this is a prediction, a list of them, or an object of them by instance."""
    return any(True for _ in _find_predictions(document))


def read(document: Any) -> Iterator[Recorded]:
    """Yields an attempt per prediction, of which only the patch is known."""
    for instance, prediction in _find_predictions(document):
        patch = prediction.get("model_patch")
        yield Recorded(
            trajectory=ONLY_PATCH,
            instance=instance,
            name=instance,
            patch=patch if isinstance(patch, str) else "",
            agent=as_name(prediction.get("model_name_or_path")),
        )


def _find_predictions(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(document, list):
        pairs = [("", value) for value in document]
    elif isinstance(document, dict) and "model_patch" not in document:
        pairs = list(document.items())
    else:
        pairs = [("", document)]
    for key, value in pairs:
        prediction = as_dict(value)
        instance = as_name(prediction.get("instance_id")) or key
        if "model_patch" in prediction and instance:
            yield instance, prediction
