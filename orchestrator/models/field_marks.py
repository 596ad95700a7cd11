"""Mark fields for whoever reads them from JSON: the journal's plain reader, and pydantic, which is not loaded for it.

To import pydantic takes as long as a whole look at a small session; a mark asks for it only when pydantic itself asks
what the mark means.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final

from orchestrator.value_class import value_class

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema


@value_class
class ToldApart:
    """Marks a union whose classes are told apart by the word in one of their fields."""

    by: str

    def __get_pydantic_core_schema__(self, kind: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic import Field

        return handler(Annotated[kind, Field(discriminator=self.by)])


@value_class
class LeftOut:
    """Marks a field that must be given in code and may be ``None``: the journal leaves it out, and reads it back."""

    def __get_pydantic_core_schema__(self, kind: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.with_default_schema(handler(kind), default=None)


@value_class
class Bounded:
    """Marks a figure that has to be more than one bound, at least another, or at most a third."""

    more_than: int | None = None
    at_least: int | None = None
    at_most: int | None = None

    def admits(self, figure: float) -> bool:
        """Whether a figure is within the bounds."""
        is_enough = self.more_than is None or figure > self.more_than
        is_enough = is_enough and (self.at_least is None or figure >= self.at_least)
        return is_enough and (self.at_most is None or figure <= self.at_most)

    def __get_pydantic_core_schema__(self, kind: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic import Field

        return handler(Annotated[kind, Field(gt=self.more_than, ge=self.at_least, le=self.at_most)])


@value_class
class Checked:
    """Marks a value that a function of ours has to let pass."""

    check: Callable[[Any], Any]
    """Raises ``ValueError`` for what is wrong."""

    def __get_pydantic_core_schema__(self, kind: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self.check, handler(kind))


BY_KIND: Final = ToldApart("kind")
LEFT_OUT: Final = LeftOut()
