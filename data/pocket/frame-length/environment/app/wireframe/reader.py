"""Puts messages together from whatever pieces arrive."""

from wireframe.frames import HEADER, decode_header


class Reader:
    """Feed it bytes; it gives back the messages that are complete."""

    def __init__(self):
        self._buffer = bytearray()

    @property
    def waiting(self):
        """Bytes of a message that is not complete yet."""
        return len(self._buffer)

    def feed(self, data):
        """List of (kind, text) that `data` completes."""
        self._buffer += data
        messages = []
        while len(self._buffer) >= HEADER.size:
            kind, length = decode_header(self._buffer[: HEADER.size])
            end = HEADER.size + length
            if len(self._buffer) < end:
                break
            payload = bytes(self._buffer[HEADER.size : end])
            del self._buffer[:end]
            messages.append((kind, payload.decode("utf-8")))
        return messages
