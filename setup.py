"""Makes ``pip install .`` give an ``orchestrate`` command; a checkout needs none of this (see ``./orchestrate``)."""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).resolve().parent


def requirements(name: str = "requirements.txt") -> list[str]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def version() -> str:
    found = re.search(r'^__version__ = "(.+)"$', (HERE / "orchestrator/__init__.py").read_text(encoding="utf-8"), re.M)
    assert found is not None, "orchestrator/__init__.py has no __version__"
    return found[1]


def readme() -> str:
    path = HERE / "README.md"
    return path.read_text(encoding="utf-8") if path.exists() else ""


setup(
    name="orchestrate-agents",
    version=version(),
    description="Put the Gemini, Claude and Codex command-line agents to work on one task as one supervised team",
    long_description=readme(),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    install_requires=requirements(),
    # Optuna, for tuning.search = "optuna" (docs/tuning.md).
    extras_require={"search": requirements("requirements-search.txt")},
    # In a checkout these two stand at the top, where people look for them; installed they lie in the package.
    packages=[
        *find_packages(include=["orchestrator", "orchestrator.*"]),
        "orchestrator.sandbox_policies",
        "orchestrator.static",
    ],
    package_dir={"orchestrator.sandbox_policies": "sandbox_policies", "orchestrator.static": "static"},
    package_data={
        "orchestrator": [
            "py.typed",
            "prompts/*.md",
            "templates/*.toml",
            "rehearsal/scenarios/*.toml",
            "suites/probes/*",
            "measurement/*.lock",
            "measurement/probes/*",
            "workflows/profiles/*.toml",
            "workflows/*.toml",
            "workflows/*.md",
        ],
        "orchestrator.sandbox_policies": ["*.toml", "schema.json"],
        "orchestrator.static": ["*", "parts/*", "vendor/*"],
    },
    include_package_data=False,
    entry_points={"console_scripts": ["orchestrate = orchestrator.cli.main:main"]},
)
