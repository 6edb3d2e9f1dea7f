"""Settings from KEY=value files."""

from dotset.errors import BadValue, MissingSetting, SettingsError
from dotset.settings import Settings

__all__ = ["BadValue", "MissingSetting", "Settings", "SettingsError"]
