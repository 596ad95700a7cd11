"""The tests of ``network`` use the crew of real processes that those of ``workers`` use."""

from tests.workers.conftest import bubblewrap_works as bubblewrap_works
from tests.workers.conftest import stage as stage
