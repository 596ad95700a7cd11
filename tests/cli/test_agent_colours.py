from __future__ import annotations

import colorsys
import re
from pathlib import Path

from orchestrator.agents.registry import AGENTS
from orchestrator.cli.agent_colours import AGENT_COLOURS, agent_colour


def test_each_known_agent_has_a_colour_of_its_own_whatever_its_worker_is_called() -> None:
    assert set(AGENT_COLOURS) >= set(AGENTS)
    assert len(set(AGENT_COLOURS.values())) == len(AGENT_COLOURS)
    assert {agent_colour(name) for name in ("codex", "codex-2", "review-codex")} == {AGENT_COLOURS["codex"]}


def test_another_worker_has_the_same_colour_every_time() -> None:
    assert agent_colour("security_auditor") == agent_colour("security_auditor")


def test_an_agent_has_the_same_hue_in_the_browser_and_in_the_terminal() -> None:
    style = (Path(__file__).parents[2] / "static" / "dashboard.css").read_text(encoding="utf-8")
    for name, colour in AGENT_COLOURS.items():
        in_browser = re.findall(rf"--a-{name}: #(\w{{6}})", style)
        assert len(in_browser) == 2, f"{name} has a colour in the light and in the dark theme"
        for value in in_browser:
            apart = abs(hue(*bytes.fromhex(value)) - hue(*of_256(colour)))
            assert min(apart, 360 - apart) < 25, (name, value)


def hue(red: int, green: int, blue: int) -> float:
    return 360 * colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)[0]


def of_256(colour: int) -> tuple[int, ...]:
    """What terminals show of the cube of 6 by 6 by 6 colours."""
    place = colour - 16
    return tuple(55 + 40 * part if part else 0 for part in (place // 36, place // 6 % 6, place % 6))
