"""Partner institutions and speakers: who they are, and what they gave."""
