"""Hold a project against a profile of requirements: each item passes, fails, or was not measured.

Only what was measured lets an item pass.  What an agent says of it is shown, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator.errors import InvalidFile, UsageError
from orchestrator.models.gate_states import GateState
from orchestrator.models.plan_tree import AgentResult
from orchestrator.quotation import one_line
from orchestrator.toml_files import read_toml
from orchestrator.value_class import value_class
from orchestrator.workflows.weakness_kinds import KINDS, is_known_to_tools
from orchestrator.workflows.weaknesses import Weakness

PROFILES: Final = Path(__file__).parent / "profiles"
"""Those that come with the program."""
DEFAULT: Final = "asvs-l1"
_KNOWN: Final = frozenset(kind.name for kind in KINDS)


class ProfileItem(BaseModel):
    """One requirement."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=40)
    asks: str = Field(min_length=1, max_length=400)
    kinds: tuple[str, ...] = Field(min_length=1)
    """Weaknesses that it forbids."""
    by: tuple[str, ...] = ()
    """Gates that, measured, look for all of them; empty: none does."""


class Profile(BaseModel):
    """A set of requirements."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str = ""
    item: tuple[ProfileItem, ...] = Field(min_length=1)


@value_class
class ItemResult:
    """What became of one requirement."""

    id: str
    asks: str
    state: GateState
    why: str
    said: str = ""
    """What an agent says of it."""

    def to_dict(self) -> dict[str, Any]:
        """The result as values that JSON has."""
        return {**asdict(self), "state": str(self.state)}


def load_profile(given: str) -> Profile:
    """The profile of this name, or the file that ends in ``.toml``.

    Raises:
        UsageError: There is none of that name.
        InvalidFile: The file cannot be read, or is no profile.
    """
    path = Path(given).expanduser() if given.endswith(".toml") else PROFILES / f"{given}.toml"
    if not given.endswith(".toml") and (not given.replace("-", "").isalnum() or not path.is_file()):
        known = ", ".join(sorted(file.stem for file in PROFILES.glob("*.toml")))
        raise UsageError(f"no profile {given!r}", hint=f"there are: {known}; or name a file ending in .toml")
    file = read_toml(path, what="profile")
    try:
        profile = Profile.model_validate(file.data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidFile(path, f"{place}: {first['msg']}") from error
    seen: set[str] = set()
    for number, item in enumerate(profile.item):
        if item.id in seen:
            raise file.fault(f"the item {item.id!r} is there twice", table="item", nth=number, key="id")
        seen.add(item.id)
        unknown = next((kind for kind in item.kinds if kind not in _KNOWN), None)
        if unknown is not None:
            raise file.fault(f"there is no kind {unknown!r} of weakness", table="item", nth=number, key="kinds")
        unseen = next((kind for kind in item.kinds if item.by and not is_known_to_tools(kind)), None)
        if unseen is not None:
            raise file.fault(f"no tool looks for {unseen!r}", table="item", nth=number, key="by")
    return profile


def held_against(
    profile: Profile, weaknesses: Sequence[Weakness], measured: Collection[str], said: Mapping[str, str]
) -> tuple[ItemResult, ...]:
    """What became of each item, in the profile's order.

    Args:
        weaknesses: All that is open; what a person accepted is no failure.
        measured: The gates that were measured.
        said: By item, what an agent says of it.
    """
    return tuple(_result(item, weaknesses, measured, said.get(item.id, "")) for item in profile.item)


def _result(item: ProfileItem, weaknesses: Sequence[Weakness], measured: Collection[str], said: str) -> ItemResult:
    own = [each for each in weaknesses if each.kind in item.kinds]
    against = [each for each in own if not each.accepted and (each.is_verified or _is_of_tool(each))]
    against = [each for each in against if each.severity != "low"]
    if against:
        words = "; ".join(each.words() for each in against[:3])
        return ItemResult(item.id, item.asks, GateState.FAIL, one_line(words, 400), said)
    doubtful = [each for each in own if not each.accepted]
    if doubtful:
        words = f"something was found that nobody verified: {doubtful[0].words()}"
        return ItemResult(item.id, item.asks, GateState.NOT_MEASURED, one_line(words, 400), said)
    missing = [name for name in item.by if name not in measured]
    if not item.by or missing:
        why = f"{', '.join(missing)} was not measured" if missing else "no tool looks for it"
        return ItemResult(item.id, item.asks, GateState.NOT_MEASURED, why, said)
    accepted = f", {len(own)} accepted by a person" if own else ""
    why = f"{', '.join(item.by)} looked for it and found nothing that is open{accepted}"
    return ItemResult(item.id, item.asks, GateState.PASS, why, said)


def _is_of_tool(weakness: Weakness) -> bool:
    return any(source.is_tool for source in weakness.sources)


def said_of_items(results: Sequence[AgentResult], profile: Profile) -> Mapping[str, str]:
    """What agents say of each item, the last one's word for it."""
    known = {item.id for item in profile.item}
    found: dict[str, str] = {}
    for result in results:
        rows = result.output.get("items") if result.success else None
        for row in rows[:500] if isinstance(rows, list) else ():
            if isinstance(row, Mapping) and row.get("id") in known:
                found[str(row["id"])] = one_line(f"{result.agent_id}: {row.get('state')}: {row.get('why', '')}", 300)
    return found
