"""The specification's configuration store, with the names that its architecture page has for the two classes."""

from __future__ import annotations

from orchestrator.store.agent_configuration import AgentConfiguration
from orchestrator.store.configuration_store import ConfigurationStore
from orchestrator.store.shared_patterns import Pattern, PatternLibrary, PatternMatch

__all__ = [
    "AgentComposition",
    "AgentConfiguration",
    "AgentConfigurationStore",
    "ConfigurationStore",
    "Pattern",
    "PatternLibrary",
    "PatternMatch",
]

AgentComposition = AgentConfiguration
AgentConfigurationStore = ConfigurationStore
