"""The kernel against the oracle, over programs that try everything: a short run of it.

``make fuzz`` runs it for longer, with other seeds each time.
"""

from __future__ import annotations

from tests.kernel.adversary import Adversary, always_the_same

TestAdversary = Adversary.TestCase
TestAdversary.settings = always_the_same(max_examples=120)
