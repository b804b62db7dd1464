"""Agencies as publishers by HTTP: batches of CloudEvents, answered one by one."""
