"""Who may do what with a document."""

from gatekeeper.model import Document, User
from gatekeeper.policy import actions, can_comment, can_edit, can_share, can_view

__all__ = [
    "Document",
    "User",
    "actions",
    "can_comment",
    "can_edit",
    "can_share",
    "can_view",
]
