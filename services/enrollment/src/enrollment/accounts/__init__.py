"""Who signs in, by which account, and what sessions are open."""
