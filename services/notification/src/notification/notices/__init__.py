"""What people are told, in which words."""
