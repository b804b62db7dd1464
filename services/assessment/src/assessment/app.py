"""What the assessment service is made of."""

from pathlib import Path

from assessment.assessments.handlers import handlers as assessments
from assessment.plans.handlers import handlers as plans
from assessment.plans.schedule import schedule as plans_schedule
from assessment.profiles.handlers import handlers as profiles
from assessment.register.handlers import handlers as register
from bina.messaging import Service

MIGRATIONS = Path(__file__).parents[2] / "migrations"

# In this order they react to one fact: copies first, then tests, profiles, and what follows from profiles.
service = Service(
    "assessment", MIGRATIONS, handlers=[register, assessments, profiles, plans], schedules=[plans_schedule]
)
