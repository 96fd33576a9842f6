"""The kernel against the oracle, over programs that try everything: a short run of it.

``make fuzz`` runs it for longer, with other seeds each time.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.kernel.adversary import Adversary

TestAdversary = Adversary.TestCase
TestAdversary.settings = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=200,
    stateful_step_count=50,
    suppress_health_check=list(HealthCheck),
)
