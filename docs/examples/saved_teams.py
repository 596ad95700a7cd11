"""Keep a team that worked, record how it did, and find it again: run me in any folder.

Everything stands in ``.orchestrator/compositions`` below the current folder, as a view of the outcome log.
"""

from orchestrator.orchestration.config_store import AgentConfiguration, ConfigurationStore
from orchestrator.pattern_library import PatternLibrary

library = PatternLibrary()
store = ConfigurationStore(pattern_library=library)

# A team for releases.
config = AgentConfiguration(
    id="comp_release_001",
    task_pattern="release_preparation",
    agents=[
        {"role": "security_auditor", "tier": "PREMIUM"},
        {"role": "test_coverage_analyzer", "tier": "CAPABLE"},
    ],
    strategy="parallel",
    quality_gates={"min_coverage": 80},
)
path = store.save(config)
print(f"saved to {path.name}")

# It was used four times, by whoever had it at hand.
for success, score in ((True, 87.5), (True, 91.0), (True, 84.0), (False, 40.0)):
    again = store.load("comp_release_001")
    assert again is not None
    again.record_outcome(success=success, quality_score=score)
    store.save(again)

best = store.get_best_for_task("release_preparation")
assert best is not None
print(f"{best.id}: used {best.usage_count} times, {best.success_rate:.0%}, score {best.avg_quality_score:.1f}")

# Nothing of that was measured here, so it is no evidence: `orchestrate run --team auto` does not use it.
for match in store.search(task_pattern="release_preparation", min_success_rate=0.7, min_quality_score=70.0, limit=5):
    print(f"found {match.id}")

# With at least three uses and 70 %, it has become a pattern, for other kinds of task as well.
for found in library.query_patterns("me", {"task": "prepare a security release"}):
    low, high = found.interval
    print(f"{found.pattern.name}: {found.pattern.success_rate:.0%}, certainly between {low:.0%} and {high:.0%}")

print(f"deleted: {store.delete('comp_release_001')}, left: {len(store.list_all())}")
