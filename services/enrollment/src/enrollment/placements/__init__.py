"""Where people serve and served: each appointment, unit and agency one after the other, moves, leaving and returning."""
