"""The peer review system: triggers, requests, replies and decision tables.  Pure, but for ``policy_files``."""

from orchestrator.review_engine.engine import ReviewEngine

__all__ = ["ReviewEngine"]
