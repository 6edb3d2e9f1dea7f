"""Testing: a scripted model endpoint for our tests and yours.

from rematch.testing import Endpoint, Judge
"""

from rematch.testing.agent_plan import CONTEXT_OPENING, SUBMIT, Agent, Conversation
from rematch.testing.coaching import AttentiveJudge, Coach
from rematch.testing.endpoint import Endpoint
from rematch.testing.faults import Fault, Latency
from rematch.testing.judge import Judge, hash_quality, marker_quality
from rematch.testing.log import Call, key_hash
from rematch.testing.prompts import Misunderstood
from rematch.testing.request import ChatRequest, Message, Reply, Responder, ToolCall
from rematch.testing.terminals import Terminus1, Terminus2
from rematch.testing.usage import Usage, count_tokens
from rematch.testing.writers import Distiller, Summarizer

__all__ = [
    "CONTEXT_OPENING",
    "SUBMIT",
    "Agent",
    "AttentiveJudge",
    "Call",
    "ChatRequest",
    "Coach",
    "Conversation",
    "Distiller",
    "Endpoint",
    "Fault",
    "Judge",
    "Latency",
    "Message",
    "Misunderstood",
    "Reply",
    "Responder",
    "Summarizer",
    "Terminus1",
    "Terminus2",
    "ToolCall",
    "Usage",
    "count_tokens",
    "hash_quality",
    "key_hash",
    "marker_quality",
]
