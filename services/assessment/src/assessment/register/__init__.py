"""Copies of the neighbours' facts that tests, profiles and plans read: people, trainings, enrolments."""
