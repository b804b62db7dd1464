"""Answers, each of one respondent to one task; nobody's answer is ever another's."""
