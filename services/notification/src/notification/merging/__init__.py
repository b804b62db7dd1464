"""Two records of one person made one: what hangs on the one that goes is the other's."""
