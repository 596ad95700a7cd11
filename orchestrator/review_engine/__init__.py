"""The review engine is the peer review system, and pure but for ``policy_files``."""

from orchestrator.review_engine.engine import ReviewEngine

__all__ = ["ReviewEngine"]
