"""The paper's parts as DSPy modules: async first (`acall`), one sync door (the call itself)."""

from rematch.programs.contexts import ContextConfig
from rematch.programs.distiller import Distiller
from rematch.programs.judge import ChoiceJudge, Judge
from rematch.programs.pdr import PDR
from rematch.programs.rematch import Outcome, Rematch, RematchConfig
from rematch.programs.rtv import RTV, RTVConfig
from rematch.programs.summarizer import Summarizer, SummarizerConfig
from rematch.programs.terminus import Terminus, TerminusConfig
from rematch.programs.views import JudgeConfig

__all__ = [
    "PDR",
    "RTV",
    "ChoiceJudge",
    "ContextConfig",
    "Distiller",
    "Judge",
    "JudgeConfig",
    "Outcome",
    "RTVConfig",
    "Rematch",
    "RematchConfig",
    "Summarizer",
    "SummarizerConfig",
    "Terminus",
    "TerminusConfig",
]
