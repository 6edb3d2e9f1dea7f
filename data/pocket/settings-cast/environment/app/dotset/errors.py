"""What can be wrong with a settings file."""


class SettingsError(Exception):
    """A mistake in the file; the message is meant for whoever edits it."""


class MissingSetting(SettingsError):
    """A setting without default is not in the file."""


class BadValue(SettingsError):
    """A setting's value is not of the kind that the program needs."""

    def __init__(self, key, value, kind):
        super().__init__(f"{key}={value!r} is not a valid {kind}")
        self.key = key
