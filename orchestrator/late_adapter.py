"""A late adapter reads and writes a type with pydantic, and is built when it is first asked for anything.

Building one takes up to fifty milliseconds, and a command loads a dozen of which it uses a few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def late_adapter(kind: Any) -> TypeAdapter[Any]:
    """What ``TypeAdapter(kind)`` is, in time; name the type where it is kept: ``X: TypeAdapter[Kind] = …``.

    Args:
        kind: A type, or a union of types, that pydantic knows how to read.
    """
    return cast("TypeAdapter[Any]", LateAdapter(kind))


def first_fault(refusal: ValueError) -> str:
    """The first thing that an adapter found wrong with what it refused."""
    from pydantic import ValidationError

    if not isinstance(refusal, ValidationError):
        return str(refusal)
    first = refusal.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]


class LateAdapter:
    """Stands for an adapter, and takes over each of its methods when that is first used."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._built: TypeAdapter[Any] | None = None

    def built(self) -> TypeAdapter[Any]:
        """The adapter itself."""
        if self._built is None:
            from pydantic import TypeAdapter

            self._built = TypeAdapter(self._kind)
        return self._built

    def __getattr__(self, name: str) -> Any:
        # Asked only for what does not stand in this object's own dictionary yet.
        if name.startswith("_"):
            raise AttributeError(name)
        built = self.built()
        built.rebuild()
        found = self.__dict__[name] = getattr(built, name)
        return found
