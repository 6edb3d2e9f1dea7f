"""The base of every configuration class: immutable, unknown keys refused, fields documented."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A part of the configuration; the text below a field is its description."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
