"""What a training changed, level by level, with the non-response beside it."""
