"""What every record is: immutable and strict; what is stored carries a `schema_version`.

Old versions load for ever, a newer one is refused in one line.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

SCHEMA_VERSION = 1


class Record(BaseModel):
    """Base of all records: immutable, unknown fields refused, NaN refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class StoredRecord(Record):
    """Base of the records that are files of their own."""

    newest_version: ClassVar[int] = SCHEMA_VERSION
    schema_version: int = Field(default=SCHEMA_VERSION, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _refuse_newer(cls, value: Any) -> Any:
        version = value.get("schema_version", 1) if isinstance(value, dict) else 1
        if isinstance(version, int) and version > cls.newest_version:
            newer = f"{cls.__name__} has schema version {version}"
            known = f"this Rematch reads up to {cls.newest_version}"
            raise ValueError(f"{newer}, {known}: update rematch-agents")
        return value
