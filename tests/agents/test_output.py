from hypothesis import given
from hypothesis import strategies as st

from rematch.agents.sandboxes.output import OutputBuffer, add_note


@given(st.lists(st.binary(max_size=50)), st.integers(2, 60))
def test_beginning_and_end_are_kept(chunks: list[bytes], limit: int) -> None:
    buffer = OutputBuffer(limit)
    for chunk in chunks:
        buffer.add(chunk)
    whole = b"".join(chunks)
    half = limit // 2
    text = buffer.text()
    assert buffer.total == len(whole)
    if len(whole) <= 2 * half:
        assert text == whole.decode("utf-8", "replace")
    else:
        assert text.startswith(whole[:half].decode("utf-8", "replace"))
        assert text.endswith(whole[-half:].decode("utf-8", "replace"))
        assert f"[... {len(whole) - 2 * half} bytes left out ...]" in text


def test_memory_stays_bounded() -> None:
    buffer = OutputBuffer(1_000)
    for _ in range(1_000):
        buffer.add(b"x" * 10_000)
    assert len(buffer.text()) < 1_100


def test_a_note_stands_on_a_line_of_its_own() -> None:
    assert add_note("", "") == ""
    assert add_note("a", "why") == "a\n[why]\n"
    assert add_note("a\n", "why") == "a\n[why]\n"
