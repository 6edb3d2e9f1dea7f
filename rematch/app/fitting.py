"""What a part is given of the configuration: prompts that fit the window, views, weights."""

from __future__ import annotations

from collections.abc import Callable

from rematch.app.config import Config
from rematch.errors import UsageError
from rematch.evidence.scoring import EvidenceScorer, load_model, parse_model
from rematch.evidence.summarizer import summarize_facts
from rematch.programs import SummarizerConfig
from rematch.programs.rendering import render_summary
from rematch.programs.views import PatchView, TrajectoryView, represent_summary
from rematch.runs.models import ModelConfig, find_window, fit_reply
from rematch.seams import Entrant


def choose_view(config: Config, model: ModelConfig) -> Callable[[Entrant], str]:
    """How an entrant stands in the judge's prompt; entrants of a match share its tokens."""
    tokens = _fit(config.judge.input_tokens, model) // config.rtv.group_size
    match config.judge.represent:
        case "summary":
            return represent_summary
        case "evidence":
            return lambda entrant: render_summary(summarize_facts(entrant.rollout))
        case "trajectory":
            return TrajectoryView(tokens)
        case "patch":
            return PatchView(tokens)


def fit_summarizer(config: Config, model: ModelConfig) -> SummarizerConfig:
    """The summarizer's budget, lowered where the model's window is smaller."""
    budget = _fit(config.summarizer.input_tokens, model)
    return config.summarizer.model_copy(update={"input_tokens": budget})


def read_weights(config: Config) -> EvidenceScorer:
    """The scorer with the weights and feature groups that are asked for.

    Raises:
        UsageError: the file of weights cannot be read.
        InputError: it is none.
    """
    path = config.evidence.weights
    try:
        model = parse_model(path.read_text(encoding="utf-8"), str(path)) if path else load_model()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"evidence.weights: {path}: cannot be read") from error
    return EvidenceScorer(model.without(config.evidence.without))


def _fit(budget: int, model: ModelConfig) -> int:
    """A prompt's tokens, no more than the model's window leaves beside the reply."""
    window = find_window(model.model)
    return budget if window is None else min(budget, max(1_000, window - (fit_reply(model) or 0)))
