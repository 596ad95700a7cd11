"""The specification's pattern library."""

from __future__ import annotations

from orchestrator.store.shared_patterns import Pattern, PatternLibrary, PatternMatch

__all__ = ["Pattern", "PatternLibrary", "PatternMatch"]
