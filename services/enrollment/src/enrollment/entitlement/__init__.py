"""The ledger of jam pelajaran, and the right and duty to them."""
