"""What is told because of which fact. Importing the modules registers their handlers."""

from . import approvals, assessments, enrolments, people, rights, tasks, trainings
from .needs import handlers

__all__ = ["approvals", "assessments", "enrolments", "handlers", "people", "rights", "tasks", "trainings"]
