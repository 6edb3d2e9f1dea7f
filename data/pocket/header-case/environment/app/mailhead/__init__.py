"""Headers of mails and HTTP messages."""

from mailhead.headers import Headers
from mailhead.wire import dump, parse

__all__ = ["Headers", "dump", "parse"]
