from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from orchestrator.cli.shared_options import AnyPath, Count, Duration, Limit, Money, Names, Percent, Since, Size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("15m", 900), ("2h", 7200), ("1h30m", 5400), ("1.5h", 5400), (" 2M ", 120)],
)
def test_a_duration_is_seconds(text: str, seconds: float) -> None:
    assert Duration().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "x", "15 minutes", "-3", "0", "0m", "m", "1d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Duration().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "number"), [("200000", 200_000), ("200k", 200_000), ("1.5M", 1_500_000), ("1_000", 1000)]
)
def test_a_count_may_be_shortened(text: str, number: int) -> None:
    assert Count().convert(text, None, None) == number


@pytest.mark.parametrize("text", ["", "0", "-1", "k", "many"])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Count().convert(text, None, None)


@pytest.mark.parametrize(("text", "dollars"), [("2.50", 2.5), ("$3", 3.0)])
def test_money_is_dollars(text: str, dollars: float) -> None:
    assert Money().convert(text, None, None) == dollars


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "two"])
def test_what_is_no_money_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Money().convert(text, None, None)


def test_names_keep_their_order_and_come_once() -> None:
    assert Names().convert("codex, claude,codex", None, None) == ("codex", "claude")


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(click.BadParameter):
        Names().convert(" , ", None, None)


@pytest.mark.parametrize(
    ("text", "size"),
    [("512", 512), ("64K", 65536), ("500m", 500 * 1024**2), ("2G", 2 * 1024**3), ("1.5 GiB", 1536 * 1024**2)],
)
def test_a_size_is_bytes_in_binary_units(text: str, size: int) -> None:
    assert Size().convert(text, None, None) == size


@pytest.mark.parametrize("text", ["0", "much", "-1G", "2X", ""])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="no size"):
        Size().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("cpu=50", ("cpu_percent", 50.0)),
        ("CPU=150%", ("cpu_percent", 150.0)),
        ("memory=2G", ("memory_mib", 2048)),
        ("runtime=1h30m", ("runtime_s", 5400.0)),
        ("disk=4G", ("disk_mib", 4096)),
    ],
)
def test_a_limit_names_its_figure_of_the_policy(text: str, limit: tuple[str, float]) -> None:
    assert Limit().convert(text, None, None) == limit


@pytest.mark.parametrize("text", ["cpu", "cpu=-1", "memory=12", "runtime=soon", "disk=12", "files=2", ""])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Limit().convert(text, None, None)


def test_a_percentage_is_of_one_core() -> None:
    assert Percent().convert("200 %", None, None) == 200.0


def test_since_takes_a_length_a_time_of_today_and_a_date() -> None:
    now = datetime.now(UTC)

    assert abs((now - Since().convert("10m", None, None)).total_seconds() - 600) < 60
    assert Since().convert("2026-11-30T14:05+01:00", None, None) == datetime(2026, 11, 30, 13, 5, tzinfo=UTC)
    assert Since().convert("12:00", None, None).astimezone().strftime("%H:%M") == "12:00"
    with pytest.raises(click.UsageError, match="is no time"):
        Since().convert("soon", None, None)


def test_an_empty_path_is_a_variable_that_is_not_set() -> None:
    with pytest.raises(click.BadParameter, match="the path is empty"):
        AnyPath().convert("", None, None)
    assert AnyPath().convert(".", None, None) == Path()
