"""Whether an agency's data come in, whichever way they take: counted where they are decided, shown to the agency."""
