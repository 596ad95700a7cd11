"""A task's domain is that of what is worked on, not of every word in it."""

from __future__ import annotations

import pytest

from orchestrator.composition.clauses import clauses_of
from orchestrator.composition.domains import Domain, domain_of

TASKS = {
    Domain.TESTING: (
        "Add a regression test for issue 12",
        "Mock the clock in test_timer.py",
        "The integration tests fail on CI",
        "Why is test_upload flaky?",
        "Make the test suite run in parallel",
        "Increase coverage of the parser to 95 %",
        "Write property-based tests for the date parser",
        "Cover the billing module with tests",
        "Schreibe Tests für den Parser",
        "Escribe pruebas unitarias para el carrito",
    ),
    Domain.SECURITY: (
        "Fix SQL injection in the search endpoint",
        "Rotate the signing keys",
        "Stop logging passwords",
        "Is our session handling vulnerable to fixation?",
        "Add CSRF protection to all forms",
        "Limit login attempts",
        "Store tokens encrypted",
        "Check uploads for malware",
        "Do a penetration test of the API",
        "Use parameterised queries instead of string concatenation to prevent injection",
        "Prüfe den Login auf Schwachstellen",
    ),
    Domain.CODE_QUALITY: (
        "Add type hints to utils.py",
        "Make pylint happy",
        "Format the code with black",
        "Review my code",
        "Review pull request 17",
        "Fix all compiler warnings",
        "Clean up the code style in src/",
        "How readable is this module?",
    ),
    Domain.DOCUMENTATION: (
        "Fix the typo in the docs",
        "Write a tutorial for plugin authors",
        "Add comments to the tricky parts of solver.py",
        "Describe the config options in the README",
        "Document the REST API",
        "Is the installation guide up to date?",
        "Schreibe eine Anleitung für Entwickler",
        "Mets à jour la documentation",
        "READMEを更新して",
    ),
    Domain.PERFORMANCE: (
        "Why does the page take so long to load?",
        "Make queries faster",
        "Reduce latency of the checkout",
        "The build takes 20 minutes; cut it in half",
        "Fix the memory leak in the websocket handler",
        "Avoid the N+1 queries in orders",
        "Optimise image loading",
        "Die Suche ist zu langsam",
        "Ускорь загрузку главной страницы",
        "优化首页加载速度",
    ),
    Domain.ARCHITECTURE: (
        "Split the monolith into services",
        "Propose a design for multi-tenancy",
        "Explain the architecture of the scheduler",
        "How are the modules structured?",
        "Draw the dependency graph of the packages",
        "Introduce a message queue between API and workers",
        "Move from REST to GraphQL",
        "Migrate from MySQL to PostgreSQL",
    ),
    Domain.REFACTORING: (
        "Rename foo to bar",
        "Refactor the auth module",
        "Extract a base class from the readers",
        "Move the helpers into their own module",
        "Remove duplication between the two importers",
        "Replace nested ifs by early returns",
        "Delete unused code",
        "Inline the trivial wrappers",
        "Split the 2000-line file views.py",
        "Benenne die Klasse Kunde in Mandant um",
        "重构支付模块",
    ),
    Domain.GENERAL: (
        "Add a logout button",
        "The app crashes when I press save",
        "Sort the table by date",
        "Add an index page",
        "What does main.py do?",
        "Bump the version to 2.0",
        "Support Python 3.14",
        "Show the memory card in the game",
        "Fix the slow-motion toggle",
        "Let users change their profile picture",
        "Fix the style of the signup button",
        "Add login with Google",
        "Add quick replies to the chat",
    ),
}


@pytest.mark.parametrize("domain", Domain)
def test_the_tasks_of_a_domain_are_of_it(domain: Domain) -> None:
    assert [task for task in TASKS[domain] if domain_of(clauses_of(task))[0] is not domain] == []


def test_of_two_nouns_together_the_second_says_what_is_meant_where_the_language_puts_it_so() -> None:
    clauses = clauses_of("Write performance documentation")
    assert domain_of(clauses)[0] is Domain.DOCUMENTATION
    assert domain_of(clauses, compounds=False)[0] is Domain.PERFORMANCE


def test_every_hit_is_shown_with_its_weight() -> None:
    _, hits = domain_of(clauses_of("Write tests for the password check"))
    assert [(hit.word, hit.domain) for hit in hits] == [
        ("password check", Domain.SECURITY),
        ("tests", Domain.TESTING),
        ("password", Domain.SECURITY),
    ]
