"""Schedules as calendars: of a run, and of a person, who may subscribe to theirs by a link."""
