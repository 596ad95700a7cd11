"""Analyse a task: what it is to result in, of what domain and how complex it is, and what it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from orchestrator.composition.clauses import Clause, clauses_of
from orchestrator.composition.domains import Domain, DomainHit, domain_of
from orchestrator.composition.outcomes import MOST_CHARS, Reading, read_outcome
from orchestrator.value_class import value_class

_COMPOUNDING = frozenset({"English", "German", "Dutch", "Turkish", "Chinese", "Japanese", "Korean"})
"""Languages in which the second of two nouns is what is meant."""


class Complexity(StrEnum):
    """How much a task is likely to take (the specification's three)."""

    SIMPLE = "simple"
    MODERATE = "moderate"
    COMPLEX = "complex"


@value_class
class Judgement:
    """A word of the table, and why it was chosen."""

    value: str
    why: str


@value_class
class TaskAnalysis:
    """Everything the tables say about one task, with the hits they said it by."""

    outcome: Reading
    domain: Domain
    domain_hits: tuple[DomainHit, ...]
    complexity: Complexity
    complexity_because: str
    capabilities: tuple[str, ...]
    parallelizable: bool
    parallelizable_because: str


def analyse_task(task: str) -> TaskAnalysis:
    """Analyse ``task``; raises ValueError for one without a word."""
    if not task.strip():
        raise ValueError("the task is empty")
    outcome = read_outcome(task)
    clauses = clauses_of(task[:MOST_CHARS])
    domain, hits = domain_of(clauses, compounds=outcome.language in _COMPOUNDING)
    complexity, because = complexity_of(clauses)
    parallelizable, parallel_because = _parallelizable(clauses)
    return TaskAnalysis(
        outcome=outcome,
        domain=domain,
        domain_hits=hits,
        complexity=complexity,
        complexity_because=because,
        capabilities=_capabilities(_named(domain, hits), clauses),
        parallelizable=parallelizable,
        parallelizable_because=parallel_because,
    )


def as_document(analysis: TaskAnalysis) -> Mapping[str, object]:
    """The analysis for programs."""
    reading = analysis.outcome
    return {
        "outcome": str(reading.outcome),
        "outcome_rule": reading.rule,
        "outcome_hits": [{"words": hit.words, "says": str(hit.signal)} for hit in reading.hits],
        "language": reading.language,
        "domain": str(analysis.domain),
        "domain_hits": [
            {"words": hit.word, "domain": str(hit.domain), "weight": hit.weight} for hit in analysis.domain_hits
        ],
        "complexity": str(analysis.complexity),
        "complexity_because": analysis.complexity_because,
        "capabilities": list(analysis.capabilities),
        "parallelizable": analysis.parallelizable,
        "parallelizable_because": analysis.parallelizable_because,
    }


COMPLEX = (
    *("architect", "migrat", "redesign", "rewrit", "overhaul", "monolith", "microservice", "distributed", "platform"),
    *("end-to-end", "architektur", "migrier", "neu schreib", "arquitect", "architettur", "архитектур", "мигрир"),
    *("アーキテクチャ", "移行", "架构", "迁移", "아키텍처", "mimari"),
)
"""Beginnings of words of a complex task (the first three are the specification's own)."""
SIMPLE = (
    *("typo", "renam", "bump", "lint", "reformat", "spelling", "wording", "colour", "color", "label", "tippfehler"),
    *("umbenenn", "renomm", "renombr", "rinomin", "renomei", "hernoem", "опечатк", "переимен", "改名", "错别字"),
)
MANY_CLAUSES, MANY_WORDS = 6, 120
"""A task of so many clauses or words is complex, whatever it says."""
FEW_CLAUSES = 2


def complexity_of(clauses: Sequence[Clause]) -> tuple[Complexity, str]:
    """How complex a task is, and why."""
    words = sum(len(clause.words) for clause in clauses)
    if len(clauses) >= MANY_CLAUSES or words >= MANY_WORDS:
        return Complexity.COMPLEX, f"clauses: {len(clauses)}, words: {words}"
    word = _first_of(clauses, COMPLEX)
    if word:
        return Complexity.COMPLEX, f"'{word}'"
    word = _first_of(clauses, SIMPLE)
    if word and len(clauses) <= FEW_CLAUSES:
        return Complexity.SIMPLE, f"'{word}'"
    return Complexity.MODERATE, "neither a word of a simple task nor one of a complex one"


CAPABILITIES: Mapping[Domain, tuple[str, ...]] = {
    Domain.TESTING: ("analyze_gaps", "suggest_tests", "validate_coverage"),
    Domain.SECURITY: ("vulnerability_scan", "threat_modeling", "compliance_check"),
    Domain.CODE_QUALITY: ("code_review", "quality_assessment", "best_practices_check"),
    Domain.DOCUMENTATION: ("generate_docs", "check_completeness", "update_examples"),
    Domain.PERFORMANCE: ("profile_code", "identify_bottlenecks", "suggest_optimizations"),
    Domain.ARCHITECTURE: ("analyze_architecture", "identify_patterns", "suggest_improvements"),
    Domain.REFACTORING: ("identify_code_smells", "suggest_refactorings", "validate_changes"),
    Domain.GENERAL: ("code_review",),
}
"""What the specification's template of each domain can do."""
RELEASE = ("validate_coverage", "vulnerability_scan", "code_review", "check_completeness")
"""What its release preparation asks for, besides."""


def _named(domain: Domain, hits: Sequence[DomainHit]) -> tuple[Domain, ...]:
    """The domain, and those that the task names as strongly as it ("code quality and performance")."""
    scores: dict[Domain, int] = {}
    for hit in hits:
        scores[hit.domain] = scores.get(hit.domain, 0) + hit.weight
    most = scores.get(domain, 0)
    return (domain, *(other for other, score in scores.items() if other is not domain and most and score >= most))


def _capabilities(domains: Sequence[Domain], clauses: Sequence[Clause]) -> tuple[str, ...]:
    release = RELEASE if _first_of(clauses, ("release",)) else ()
    own = () if release and domains[0] is Domain.GENERAL else domains
    return tuple(dict.fromkeys((*(name for domain in own for name in CAPABILITIES[domain]), *release)))


PARALLEL = (
    *("release", "audit", "check", "validat", "review", "prüf", "überprüf", "begutacht", "vérifi", "revis", "verific"),
    *(
        "controleer",
        "controll",
        "sprawdź",
        "провер",
        "检查",
        "审查",
        "確認",
        "監査",
        "확인",
        "검토",
        "kontrol",
        "incele",
    ),
)
"""The specification's words for checks that do not wait for one another, and the same in other languages."""
SEQUENTIAL = (
    *(
        "generat",
        "creat",
        "refactor",
        "refaktor",
        "erstell",
        "generier",
        "crée",
        "génér",
        "crea",
        "crie",
        "gere",
        "maak",
    ),
    *("stwórz", "созда", "创建", "生成", "作成", "重构", "생성", "oluştur"),
)
"""Its words for steps that do."""


def _parallelizable(clauses: Sequence[Clause]) -> tuple[bool, str]:
    together, in_turn = _first_of(clauses, PARALLEL), _first_of(clauses, SEQUENTIAL)
    if in_turn:
        return False, f"'{in_turn}'"
    if together:
        return True, f"'{together}'"
    return False, "no word for checks that can be made side by side"


def _first_of(clauses: Iterable[Clause], beginnings: tuple[str, ...]) -> str:
    """The first word that one of these begins; signs of languages without spaces are found anywhere."""
    for clause in clauses:
        for word in clause.words:
            if word.startswith(beginnings) or (
                not word.isascii()
                and any(sign in word for sign in beginnings if not sign[0].isalpha() or sign[0] > "\u2fff")
            ):
                return word
    return ""
