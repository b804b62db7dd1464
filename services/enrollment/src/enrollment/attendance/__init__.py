"""Who came to which session of a run: lists, codes to check in with, checks by face, and what follows for the run."""
