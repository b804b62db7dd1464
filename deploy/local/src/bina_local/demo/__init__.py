"""The demo world: an invented region that shows the whole loop."""
