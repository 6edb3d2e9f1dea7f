"""Patches split and narrowed by text alone: odd names, odd bytes, and what adds up again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.agents.mini.submissions import narrow_patch, split_patch

NAMES = ("a.py", "src/b.py", "b/src/b.py", "a b.txt", "patch.txt", "x/patch.txt", "diff --git")
names = st.lists(st.sampled_from(NAMES), unique=True, max_size=5)
bodies = st.sampled_from(["+x\n", "-x\n+y\n", " diff --git a/a.py b/a.py\n", "+--- a/a.py\n"])


def section(name: str, body: str = "+x\n") -> str:
    head = f"diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n"
    return f"{head}@@ -0,0 +1 @@\n{body}"


@given(names, st.data())
def test_the_parts_make_up_the_whole_and_have_their_names(
    found: list[str], data: st.DataObject
) -> None:
    texts = [section(name, data.draw(bodies)) for name in found]
    assert list(split_patch("".join(texts))) == list(zip(found, texts, strict=True))


@given(names, names)
def test_what_is_kept_is_what_both_name_in_the_patchs_order(
    changed: list[str], submitted: list[str]
) -> None:
    whole = "".join(map(section, changed))
    kept = narrow_patch(whole, "".join(map(section, submitted)))
    both = [name for name in changed if name in submitted]
    otherwise = [name for name in changed if name != "patch.txt"]
    assert [name for name, _ in split_patch(kept)] == (both or otherwise)


@given(names, st.text(max_size=80) | st.text("+-ab/ \n", max_size=80))
def test_any_submission_keeps_whole_parts_only(changed: list[str], submission: str) -> None:
    parts = [section(name) for name in changed]
    kept = [text for _, text in split_patch(narrow_patch("".join(parts), submission))]
    assert all(text in parts for text in kept)


def test_narrowing_twice_is_narrowing_once() -> None:
    whole = "".join(map(section, NAMES))
    submission = section("src/b.py") + section("a.py")
    once = narrow_patch(whole, submission)
    assert narrow_patch(once, submission) == once


@pytest.mark.parametrize("prefix", ["a", "b", "c", "i", "w", "o"])
def test_the_prefixes_of_git_are_no_part_of_a_name(prefix: str) -> None:
    whole = section("a.py") + section("src/b.py")
    submission = f"--- {prefix}/a.py\n+++ {prefix}/a.py\n"
    assert narrow_patch(whole, submission) == section("a.py")


def test_a_time_behind_a_name_is_no_part_of_it() -> None:
    whole = section("a.py") + section("src/b.py")
    submission = "--- a/a.py\t2026-01-01 00:00:00\n+++ b/a.py\t2026-01-01 00:00:01\n"
    assert narrow_patch(whole, submission) == section("a.py")


def test_an_agent_may_submit_a_file_of_that_name_by_naming_it() -> None:
    whole = section("a.py") + section("patch.txt")
    assert narrow_patch(whole, "") == section("a.py")
    assert narrow_patch(whole, section("patch.txt")) == section("patch.txt")


def test_where_the_patch_file_is_all_that_changed_nothing_is_left() -> None:
    assert narrow_patch(section("patch.txt"), "I am done.") == ""


@pytest.mark.parametrize("text", ["", "no patch at all\n", " diff --git a/x b/x\n"])
def test_a_text_without_a_header_has_no_parts(text: str) -> None:
    assert list(split_patch(text)) == []
    assert narrow_patch(text, section("a.py")) == ""
