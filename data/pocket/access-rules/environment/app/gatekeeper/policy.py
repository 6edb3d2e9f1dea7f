"""The access rules. Every function answers for one user and one document."""


def can_view(user, document):
    """Public documents are for everybody; others for owner, editors and viewers."""
    return (
        document.public
        or user.name == document.owner
        or user.name in document.viewers
        or document.edited_by_team_of(user)
    )


def can_edit(user, document):
    """The owner and the editor teams edit, while the document is not locked.

    A suspended account never edits.
    """
    return (
        user.name == document.owner
        or document.edited_by_team_of(user)
        and not document.locked
        and not user.suspended
    )


def can_comment(user, document):
    """Whoever views may comment, locked or not, unless suspended."""
    return can_view(user, document) and not user.suspended


def can_share(user, document):
    """Only the owner shares, and only a document that they may edit."""
    return user.name == document.owner and can_edit(user, document)


def actions(user, document):
    """Names of everything the user may do, for the menu."""
    rules = {
        "view": can_view,
        "comment": can_comment,
        "edit": can_edit,
        "share": can_share,
    }
    return [name for name, allows in rules.items() if allows(user, document)]
