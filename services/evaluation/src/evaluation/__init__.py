"""What a training changed: who was asked, who answered, and what it adds up to."""
