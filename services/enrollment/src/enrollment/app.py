"""What the enrollment service is made of, on one screen."""

from pathlib import Path

from fastapi import FastAPI

from bina.messaging import Runtime, Service
from bina.web import gallery
from bina.web.app import create_app
from enrollment.accounts import api as accounts_api
from enrollment.accounts import pages as accounts_pages
from enrollment.accounts.provider import Provider
from enrollment.attendance import api as attendance_api
from enrollment.attendance import check_in_pages, report_pages
from enrollment.attendance import pages as attendance_pages
from enrollment.attendance.subjects import ATTENDANCE, CODES, REPORTS
from enrollment.calendar import pages as calendar_pages
from enrollment.catalogue import api as catalogue_api
from enrollment.catalogue import pages as catalogue_pages
from enrollment.catalogue.subjects import SEATS
from enrollment.certificates import api as certificates_api
from enrollment.certificates import pages as certificates_pages
from enrollment.certificates.schedule import schedule as certificates_schedule
from enrollment.certificates.subjects import CERTIFICATE, CERTIFICATES
from enrollment.credits import pages as credits_pages
from enrollment.credits.domain import conversions
from enrollment.enrolments import api as enrolments_api
from enrollment.enrolments import pages as enrolments_pages
from enrollment.enrolments.handlers import handlers as enrolment_handlers
from enrollment.enrolments.subjects import PARTICIPANTS, TAKEN
from enrollment.entitlement import api as entitlement_api
from enrollment.entitlement import own_pages as ledger_pages
from enrollment.entitlement import pages as entitlement_pages
from enrollment.entitlement.subjects import EARNED
from enrollment.home import pages as home_pages
from enrollment.home.handlers import handlers as home_handlers
from enrollment.imports import api as imports_api
from enrollment.imports import pages as imports_pages
from enrollment.imports.schedule import schedule as imports_schedule
from enrollment.imports.subjects import IMPORTS
from enrollment.machines import api as machines_api
from enrollment.own_data import EXPIRIES, own
from enrollment.publishing import api as publishing_api
from enrollment.register import api as register_api
from enrollment.register.schedule import schedule as register_schedule
from enrollment.register.states import states as register_states
from enrollment.rights import pages as rights_pages
from enrollment.settings import EnrollmentSettings

MIGRATIONS = Path(__file__).parent / "migrations"

service = Service(
    "enrollment",
    MIGRATIONS,
    handlers=[enrolment_handlers, home_handlers],
    schedules=[register_schedule, imports_schedule, certificates_schedule],
    states=register_states,
)


def create(settings: EnrollmentSettings) -> FastAPI:
    """The service's API and pages around its runtime."""
    apis = (
        accounts_api,
        machines_api,
        register_api,
        imports_api,
        catalogue_api,
        enrolments_api,
        attendance_api,
        entitlement_api,
        certificates_api,
        publishing_api,
    )
    pages = (
        home_pages,
        accounts_pages,
        catalogue_pages,
        enrolments_pages,
        credits_pages,
        ledger_pages,
        entitlement_pages,
        imports_pages,
        certificates_pages,
        rights_pages,
        attendance_pages,
        report_pages,
        check_in_pages,
        calendar_pages,
    )
    conversions(settings.jp_conversions)  # a site's own table that is none stops the start
    runtime = Runtime(service, settings)
    app = create_app(
        runtime,
        title="Bina: pendaftaran dan pelatihan",
        expiries=EXPIRIES,
        api_routers=[*(api.router for api in apis), own.api_router()],
        page_routers=[*(page.router for page in pages), own.page_router(), gallery.router()],
        subjects=[
            SEATS,
            PARTICIPANTS,
            TAKEN,
            EARNED,
            CERTIFICATES,
            CERTIFICATE,
            ATTENDANCE,
            CODES,
            REPORTS,
            IMPORTS,
        ],
    )
    app.state.provider = Provider(settings)
    return app
