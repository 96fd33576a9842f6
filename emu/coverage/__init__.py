"""Coverage: which code of a program executed, and how often, as lcov and drcov have it."""
