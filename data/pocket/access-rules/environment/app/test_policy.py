import unittest

from gatekeeper import Document, User, actions, can_comment, can_edit, can_view

ADA = User("ada")
BOB = User("bob", teams=frozenset({"docs"}))
EVE = User("eve")


class PolicyTest(unittest.TestCase):
    def setUp(self):
        self.document = Document("ada", editor_teams={"docs"})

    def test_owner_does_everything(self):
        self.assertEqual(actions(ADA, self.document), ["view", "comment", "edit", "share"])

    def test_editor_team_does_not_share(self):
        self.assertEqual(actions(BOB, self.document), ["view", "comment", "edit"])

    def test_stranger_sees_nothing(self):
        self.assertEqual(actions(EVE, self.document), [])

    def test_lock_keeps_the_team_out(self):
        self.document.locked = True
        self.assertFalse(can_edit(BOB, self.document))
        self.assertTrue(can_comment(BOB, self.document))

    def test_public_document_is_read_only_for_strangers(self):
        self.document.public = True
        self.assertTrue(can_view(EVE, self.document))
        self.assertFalse(can_edit(EVE, self.document))


if __name__ == "__main__":
    unittest.main()
