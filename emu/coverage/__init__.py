"""Coverage: which code of a program was executed, and how often, for lcov and drcov."""
