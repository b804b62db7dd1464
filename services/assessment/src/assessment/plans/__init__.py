"""Which training closes a person's largest gap."""
