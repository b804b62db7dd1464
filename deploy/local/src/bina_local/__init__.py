"""One command that runs all of Bina on one machine, and the embedded platform that tests use."""
