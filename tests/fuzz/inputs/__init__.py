"""Random and damaged inputs at each door that files and words come in by.

Nothing that anybody writes there may end in an exception, run for ever, or take all memory.
"""
