"""The frame: what one message looks like on the wire.

A frame is a header of five bytes and a payload. The header holds the kind of the message
(one byte) and the length of the payload (four bytes, big-endian). The payload is the text
in UTF-8.
"""

import struct

HEADER = struct.Struct(">BI")
LIMIT = 64 * 1024
"""Longest payload in bytes."""

KINDS = {"text": 1, "topic": 2, "bye": 3}
NAMES = {number: name for name, number in KINDS.items()}


class FrameError(ValueError):
    """The message does not fit into a frame, or the bytes are no frame."""


def encode(text, kind="text"):
    """The frame for one message."""
    payload = text.encode("utf-8")
    if len(payload) > LIMIT:
        raise FrameError(f"{len(payload)} bytes are too many for one frame")
    return HEADER.pack(KINDS[kind], len(text)) + payload


def decode_header(data):
    """(kind, length of the payload) from the five bytes of a header."""
    number, length = HEADER.unpack(data)
    if number not in NAMES:
        raise FrameError(f"unknown kind of message: {number}")
    if length > LIMIT:
        raise FrameError(f"a frame of {length} bytes is too long")
    return NAMES[number], length
