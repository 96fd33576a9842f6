"""Views of a machine at rest: address spaces, frames, the tree of mappings, physical memory."""
