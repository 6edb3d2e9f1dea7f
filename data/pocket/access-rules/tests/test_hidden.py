import itertools
import unittest

from gatekeeper import Document, User, actions, can_edit, can_share

TEAMS = frozenset({"docs"})


class PolicyTest(unittest.TestCase):
    def test_lock_binds_the_owner(self):
        self.assertEqual(actions(User("ada"), Document("ada", locked=True)), ["view", "comment"])

    def test_suspended_owner_only_views(self):
        self.assertEqual(actions(User("ada", suspended=True), Document("ada")), ["view"])

    def test_suspended_editor_only_views(self):
        suspended = User("bob", TEAMS, suspended=True)
        self.assertEqual(actions(suspended, Document("ada", set(TEAMS))), ["view"])

    def test_every_combination_of_the_edit_rule(self):
        flags = itertools.product([False, True], repeat=4)
        for owner, in_team, locked, suspended in flags:
            user = User("ada", TEAMS if in_team else frozenset(), suspended)
            document = Document("ada" if owner else "zoe", set(TEAMS), locked=locked)
            expected = (owner or in_team) and not (locked or suspended)
            self.assertIs(bool(can_edit(user, document)), expected)
            self.assertIs(bool(can_share(user, document)), expected and owner)

    def test_unlocked_again(self):
        document = Document("ada", locked=True)
        document.locked = False
        self.assertTrue(can_edit(User("ada"), document))

    def test_strangers_never_edit(self):
        self.assertFalse(can_edit(User("eve"), Document("ada", set(TEAMS), public=True)))
