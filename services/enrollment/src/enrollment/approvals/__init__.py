"""Who asked for a seat and needs a superior's or the agency's word first: shown, answered, passed on in time."""
