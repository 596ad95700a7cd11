"""Mark fields that must be given in code, and that the journal leaves out where they are ``None``."""

from __future__ import annotations

from typing import Final

from pydantic import Field

LEFT_OUT: Final = Field(default=None)
"""Marks a field that must be given in code and may be ``None``: the journal leaves those out, and reads them back."""
