"""Say of what domain a task is: by words that name one, the first and main ones counting most."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache

from orchestrator.composition.clause_signals import folded
from orchestrator.composition.clauses import Clause
from orchestrator.value_class import value_class


class Domain(StrEnum):
    """What a task is about (the specification's task domains)."""

    TESTING = "testing"
    SECURITY = "security"
    CODE_QUALITY = "code_quality"
    DOCUMENTATION = "documentation"
    PERFORMANCE = "performance"
    ARCHITECTURE = "architecture"
    REFACTORING = "refactoring"
    GENERAL = "general"


@value_class
class DomainHit:
    """A word that names a domain, and how much it counts."""

    word: str
    domain: Domain
    weight: int


D = Domain
WORDS: Mapping[Domain, str] = {
    D.TESTING: (
        r"tests?|tested|testing|testsuite|test-suite|test_\w*|\w+_test|[\w/]*test_\w+\.py|coverage"
        r"|flaky|pytest|unittest|jest|vitest|e2e|fixtures?|mocks?"
        r"|spec|specs|testfall\w*|testabdeckung|komponententests?|unittests?|essais?|couverture|pruebas?|cobertura"
        r"|testy|testow\w*|testów|testu|testem|teste[ns]?|testi|testes|copertura|тест\w*|покрыти\w*|testleri|testler\w*"
        r"|проверочн\w*|dekking|dekkingsgraad|pokryci\w*|kapsam\w*"
    ),
    D.SECURITY: (
        r"security|secure|insecure|vulnerab\w*|exploit\w*|xss|csrf|ssrf|injections?|cves?|cve-\S+|sanitiz\w*|sanitis\w*"
        r"|encrypt\w*|decrypt\w*|hash|hashes|hashing|passwords?|secrets?|credentials?|auth|authenticat\w*|authoriz\w*"
        r"|authoris\w*|oauth\w*|permissions?|privileges?|tokens?|jwt|malware|signing|pentest\w*"
        r"|penetration|sandboxing|tls|certificates?|signatures?|attack\w*|attackers?"
        r"|threats?|brute-?force|rate-limit\w*|untrusted|argon2|bcrypt|md5|weaknesses|hardening|harden|pentest|owasp"
        r"|sicherheit\w*|schwachstelle\w*|passwo?rt\w*|passwörter\w*|verschlüssel\w*"
        r"|berechtigung\w*|angreif\w*|sécurité|failles?"
        r"|vulnérabilit\w*|mots? de passe|chiffr\w*|authentification|autorisations?|seguridad"
        r"|contraseñ\w*|vulnerabilidad\w*"
        r"|cifr\w*|autenticación|autorización|sicurezza|vulnerabilità|autenticazione|crittograf\w*|segurança|senhas?"
        r"|autenticação|criptograf\w*|beveiliging\w*|veiligheid\w*|wachtwoord\w*|kwetsba\w*"
        r"|versleutel\w*|lekken|bezpieczeństw\w*"
        r"|hasł\w*|uwierzytelni\w*|podatnoś\w*|szyfrow\w*|безопасност\w*|уязвимост\w*|парол\w*"
        r"|шифр\w*|авторизац\w*|аутентификац\w*"
        r"|güvenlik\w*|şifre\w*|parola\w*|kimlik doğrulama"
    ),
    D.CODE_QUALITY: (
        r"lint\w*|mypy|ruff|eslint|pylint|flake8|pep-?8|type-?hints?|typing|readability|readable"
        r"|warnings|codestil|naming|consistent\w*"
        r"|maintainab\w*|antipatterns?|prettier|clippy|smells"
        r"|codequalität|lesbarkeit|lisibilité|legibilidad|leggibilità|legibilidade|leesbaarheid"
        r"|czytelnoś\w*|читаемост\w*|warnungen"
    ),
    D.DOCUMENTATION: (
        r"docs?|docs/\S*|docs/|documentation|document|documents|documenting|documented|docstrings?"
        r"|readme\S*|changelog\S*|wiki|tutorials?|guide|guides|manual|howto"
        r"|\S+\.md|\S+\.rst|typos?|notes|comments|faq|handbook"
        r"|doku\w*|dokumentation\w*|dokumentier\w*|anleitung\w*|handbuch|kommentare?|documenter"
        r"|documentez|documenta\w*|documentación"
        r"|documentação|documentazione|documentatie|dokumentacj\w*|udokumentuj|документаци\w*"
        r"|документир\w*|задокумент\w*|belgele\w*|dokümantasyon\w*|handleiding"
    ),
    D.PERFORMANCE: (
        r"performance|slow|slowly|slower|slowness|faster|fastest|speed|latency|throughput"
        r"|bottlenecks?|profiling|profiler|optimi[sz]e\w*|optimi[sz]ation\w*"
        r"|leaks?|leaking|cpu|caching|expensive|benchmarks?|efficien\w*|quicker"
        r"|langsam\w*|schnell\w*|beschleunig\w*|leistung|speicherverbrauch|engpass|engpässe"
        r"|laufzeit|lent|lente|lents|lentes|lenteur|rapide\w*|accélér\w*|performances?|goulots?"
        r"|lent[oa]s?|rápid\w*|rendimiento|acelera\w*|optimiza\w*|rendimento|desempenho|otimiz\w*"
        r"|memória|memoria|veloc\w*|prestazioni"
        r"|ottimizz\w*|traag|trage|sneller|snel|versnel\w*|prestatie\w*|geheugen\w*|woln\w*"
        r"|szyb\w*|długo|przyspiesz\w*|wydajnoś\w*|pamię\w*"
        r"|медленн\w*|быстр\w*|ускор\w*|производительност\w*|памят\w*|оптимиз\w*|долго|тормоз\w*"
        r"|yavaş\w*|hızl\w*|performans\w*|bellek"
    ),
    D.ARCHITECTURE: (
        r"architect\w*|microservices?|monolith\w*|decoupl\w*|modularity|scalab\w*|layering|cqrs"
        r"|redesign|graphql|multi-tenan\w*"
        r"|architektur\w*|entwurf|struktur\w*|conception|arquitec?tura\w*|diseño|architettur\w*"
        r"|progettazione|architectuur\w*"
        r"|ontwerp|projektow\w*|архитектур\w*|структур\w*|mimari\w*|tasarım\w*"
    ),
    D.REFACTORING: (
        r"refactor\w*|rename|renames|renaming|extract|extracting|restructure\w*|reorgani[sz]e\w*"
        r"|duplicat\w*|deduplicate|inline|simplify|split|untangle"
        r"|hand-written|unused|refaktor\w*|umbenenn\w*|benenne|auslager\w*|aufräum\w*"
        r"|vereinfach\w*|refactoris\w*|renomm\w*|remanier\w*|refactoriz\w*"
        r"|renombr\w*|simplific\w*|rinomin\w*|semplific\w*|refator\w*|renomei\w*|hernoem\w*"
        r"|vereenvoudig\w*|zrefaktoryzuj|uprość"
        r"|переимен\w*|рефактор\w*|отрефактор\w*|упрост\w*|duplicação|duplicación|yeniden adlandır"
    ),
}
"""Words by domain, each a pattern of a whole word; more than one word together stand in ``PHRASES``."""

SIGNS: Mapping[Domain, tuple[str, ...]] = {
    D.TESTING: ("测试", "覆盖率", "テスト", "カバレッジ", "테스트", "커버리지", "測試"),
    D.SECURITY: (
        "安全",
        "漏洞",
        "密码",
        "加密",
        "注入",
        "权限",
        "认证",
        "脆弱性",
        "セキュリティ",
        "パスワード",
        "暗号",
        "認証",
        "보안",
        "취약",
        "비밀번호",
        "암호",
        "인증",
    ),
    D.CODE_QUALITY: ("代码质量", "代码风格", "コード品質", "可読性", "코드 품질", "가독성", "规范"),
    D.DOCUMENTATION: ("文档", "注释", "ドキュメント", "説明書", "コメント", "문서", "주석", "README", "readme"),
    D.PERFORMANCE: (
        "性能",
        "慢",
        "更快",
        "加快",
        "内存",
        "パフォーマンス",
        "遅",
        "高速",
        "メモリ",
        "성능",
        "느리",
        "느린",
        "빠르",
        "메모리",
        "优化",
    ),
    D.ARCHITECTURE: ("架构", "アーキテクチャ", "設計", "아키텍처", "설계", "微服务", "结构"),
    D.REFACTORING: ("重构", "重命名", "リファクタ", "リネーム", "改名", "리팩터링", "리팩토링", "重複"),
}

HEADS: Mapping[str, Domain] = {
    "document": D.DOCUMENTATION,
    "rename": D.REFACTORING,
    "refactor": D.REFACTORING,
    "extract": D.REFACTORING,
    "split": D.REFACTORING,
    "inline": D.REFACTORING,
    "deduplicate": D.REFACTORING,
    "convert": D.REFACTORING,
    "restructure": D.REFACTORING,
    "simplify": D.REFACTORING,
    "test": D.TESTING,
    "profile": D.PERFORMANCE,
    "cache": D.PERFORMANCE,
    "optimize": D.PERFORMANCE,
    "optimise": D.PERFORMANCE,
    "benchmark": D.PERFORMANCE,
    "harden": D.SECURITY,
    "lint": D.CODE_QUALITY,
    "review": D.CODE_QUALITY,
}
"""Verbs at the head of the task that say alone what kind of work it is, unless the object says otherwise."""

PHRASES: Sequence[tuple[str, Domain]] = (
    (
        r"unused imports?|lint warnings?|code quality|quality of (?:the|this|our) code"
        r"|code ?base for issues|type (?:annotations?|hints?)|static analysis|code (?:style|smells?|review)"
        r"|style of (?:src\S*|the code|our code)|style guide|against pep|with black",
        D.CODE_QUALITY,
    ),
    (
        r"constant time|rate limit\w*|open to|trust(?:ed|s)? code|untrusted code|attempts per"
        r"|password check|threat model\w*|login attempts|signing keys?|penetration tests?"
        r"|parameteri[sz]ed queries",
        D.SECURITY,
    ),
    (
        r"memory (?:use|usage|leak|footprint)|takes? (?:\w+ )?(?:seconds|minutes|hours|too long|long)"
        r"|loads? faster|speed up|too long|so long|n\+1|(?:missing|database) index(?:es)?"
        r"|an index on|load time|startup time|in constant memory",
        D.PERFORMANCE,
    ),
    (
        r"service of its own|event bus|data flow|(?:write|read) path|plugin system|(?:weak points|design|structure) of"
        r"|message queue|"
        r"(?:system|software|code|api) design|(?:a|the|our) design|dependency graph"
        r"|modules? (?:are )?structured|which modules|"
        r"move from \w+ to \w+|migrate from \w+ to (?:postgres\w*|mysql|kubernetes|graphql|kafka|react|vue)"
        r"|into services|"
        r"(?:code ?base|project) structure|depend on|move to (?:postgres\w*|mysql|kubernetes)"
        r"|rewrite .{1,40} in (?:rust|go|java|c\+\+|typescript|kotlin|python)|"
        r"old api|split(?:ting)? the monolith|between the modules|microservice",
        D.ARCHITECTURE,
    ),
    (
        r"dead code|nobody calls|its own module|(?:own|separate|new) module|standard library's"
        r"|no longer (?:depends|uses)|async/await|nested ifs?|early returns?|duplicated code"
        r"|unused code|technical debt|tech debt|base class|clean ?up the code",
        D.REFACTORING,
    ),
    (
        r"run a single test|test suite|unit tests?|integration tests?|test coverage|covered by|regression tests?",
        D.TESTING,
    ),
    (
        r"getting started|out of date|api reference|error in the docs|help output|schema comments"
        r"|code comments|release notes",
        D.DOCUMENTATION,
    ),
)
"""Phrases that name a domain where no word of theirs would."""

WEIGHT_HEAD, WEIGHT_MAIN, WEIGHT_LATER, WEIGHT_ASIDE = 4, 3, 2, 1
LEAST_WEIGHT = 2
"""What only a later clause mentions makes no domain."""
_CUTS = frozenset(
    "for of in into on about from by with to so that because at when before after which und"
    " für von in im aus mit damit pour dans de du des"
    " sur para en del por per nel di da dla w do o voor van в для о об на из".split()
)
_SOFT_HEAD = frozenset({"review", "test", "convert", "split", "extract", "simplify", "inline"})


def domain_of(clauses: Sequence[Clause], *, compounds: bool = True) -> tuple[Domain, tuple[DomainHit, ...]]:
    """The domain of a task, and every hit; ``GENERAL`` where there is none.

    Args:
        compounds: The language says "performance tests", where the second word is what is meant.
    """
    hits = [
        hit for index, clause in enumerate(clauses) for hit in _hits(clause, is_first=index == 0, compounds=compounds)
    ]
    scores: dict[Domain, int] = {}
    for hit in hits:
        scores[hit.domain] = scores.get(hit.domain, 0) + hit.weight
    # Of equals, the one that is named first: dicts keep their order.
    domain = max(scores, key=lambda one: scores[one], default=Domain.GENERAL)
    return domain if scores.get(domain, 0) >= LEAST_WEIGHT else Domain.GENERAL, tuple(hits)


def _hits(clause: Clause, *, is_first: bool, compounds: bool) -> list[DomainHit]:
    words = [word for word in clause.words if word not in {",", "&"}]
    text = clause.text
    found: list[DomainHit] = []
    for pattern, domain in PHRASES:
        match = re.search(rf"(?<!\w)(?:{pattern})(?!\w)", text)
        if match:
            found.append(DomainHit(match.group(), domain, WEIGHT_MAIN))
    for domain, signs in SIGNS.items():
        found += [DomainHit(sign, domain, WEIGHT_MAIN) for sign in signs if sign in text][:1]
    head = _head_verb(words)
    if head in HEADS and is_first:
        found.insert(0, DomainHit(head, HEADS[head], WEIGHT_LATER if head in _SOFT_HEAD else WEIGHT_HEAD))
    cut = next((index for index, word in enumerate(words) if index > 1 and word in _CUTS), len(words))
    named = [(index, word, about) for index, word in enumerate(words) if (about := _word_domain(word)) is not None]
    for place, (index, word, about) in enumerate(named):
        follows = named[place + 1] if place + 1 < len(named) else None
        if compounds and follows is not None and follows[:1] == (index + 1,) and follows[2] is not about:
            continue  # "security documentation", "performance tests": the second says what it is
        weight = WEIGHT_ASIDE if not is_first else WEIGHT_MAIN if index < cut else WEIGHT_LATER
        found.append(DomainHit(word, about, weight))
    return found


def _head_verb(words: Sequence[str]) -> str:
    for word in words[:5]:
        if word in HEADS:
            return word
        if word not in _BEFORE_HEAD:
            return ""
    return ""


_BEFORE_HEAD = frozenset("please can could would you we let's now first just i want need to".split())


@cache
def _patterns() -> tuple[tuple[Domain, re.Pattern[str]], ...]:
    return tuple((domain, re.compile(f"(?:{folded(words)})")) for domain, words in WORDS.items())


def _word_domain(word: str) -> Domain | None:
    bare = folded(word.rpartition("'")[2] if "'" in word and not word.endswith("'s") else word.removesuffix("'s"))
    return next((domain for domain, pattern in _patterns() if pattern.fullmatch(bare)), None)
