"""The assessment service: tests around trainings, competency profiles, recommendations."""
