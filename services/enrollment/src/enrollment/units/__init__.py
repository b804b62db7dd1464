"""An agency's units as a tree: who serves where, what units were called, and how the tree is kept in order."""
