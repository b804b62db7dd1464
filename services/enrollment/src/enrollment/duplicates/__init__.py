"""One person recorded twice: who may be, who is not, and merging two records with all that hangs on them."""
