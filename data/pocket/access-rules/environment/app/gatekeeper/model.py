"""Users and documents, as far as access is concerned."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class User:
    """An account. A suspended account keeps its documents but can't change anything."""

    name: str
    teams: frozenset = frozenset()
    suspended: bool = False


@dataclass
class Document:
    """A document, its owner, and the teams and people it is shared with."""

    owner: str
    editor_teams: set = field(default_factory=set)
    viewers: set = field(default_factory=set)
    locked: bool = False
    public: bool = False

    def edited_by_team_of(self, user):
        """Whether one of the user's teams edits this document."""
        return not self.editor_teams.isdisjoint(user.teams)
