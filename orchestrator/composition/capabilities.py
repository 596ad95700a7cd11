"""The capabilities that the built-in templates have, each with a sentence that says what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from orchestrator.models.agent_template import AgentCapability

_ROWS: Final[Sequence[tuple[str, str, tuple[str, ...]]]] = (
    ("analyze_gaps", "Find behaviour that no test exercises.", ("coverage_analyzer", "ast_parser")),
    ("suggest_tests", "Say which tests would close a gap, case by case.", ("ast_parser",)),
    ("validate_coverage", "Say whether tests check what they run.", ("coverage_analyzer",)),
    ("vulnerability_scan", "Find weaknesses that an attacker could use.", ("static_analyzer", "dependency_checker")),
    ("threat_modeling", "Say who could attack what, by which way in.", ()),
    ("compliance_check", "Hold the code against a named rule or standard.", ("static_analyzer",)),
    ("code_review", "Find defects and risks in code by reading it.", ("linter",)),
    ("quality_assessment", "Judge how well code can be understood and changed.", ("linter", "complexity_analyzer")),
    ("best_practices_check", "Hold code against the habits of its own project and language.", ("linter",)),
    ("generate_docs", "Write documentation from what the code does.", ("doc_generator",)),
    ("check_completeness", "Find what is public and not documented.", ("doc_generator", "ast_parser")),
    ("update_examples", "Make the examples of the documentation run again.", ("example_runner",)),
    ("profile_code", "Measure where time and memory go.", ("profiler",)),
    ("identify_bottlenecks", "Say which part bounds the speed of the whole.", ("profiler",)),
    ("suggest_optimizations", "Say what would make it faster, and by how much.", ("profiler", "benchmark_runner")),
    ("analyze_architecture", "Say which parts there are and who depends on whom.", ("dependency_graph",)),
    ("identify_patterns", "Name the designs that the code follows, and where it breaks them.", ("ast_parser",)),
    ("suggest_improvements", "Say which change of structure is worth its cost.", ("dependency_graph",)),
    ("identify_code_smells", "Find code that is hard to change, with the reason.", ("ast_parser", "linter")),
    ("suggest_refactorings", "Name the steps that lead to simpler code with the same behaviour.", ("ast_parser",)),
    ("validate_changes", "Show that behaviour has stayed the same.", ("test_runner",)),
)

KNOWN_CAPABILITIES: Final[Mapping[str, AgentCapability]] = {
    name: AgentCapability(name, description, list(tools)) for name, description, tools in _ROWS
}
"""By name; a template of the user may have others."""
