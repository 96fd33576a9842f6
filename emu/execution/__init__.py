"""Following what executes, block by block, for traces, coverage and profiles."""
