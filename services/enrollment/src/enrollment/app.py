"""What the enrollment service is made of, on one screen."""

from pathlib import Path

from fastapi import FastAPI

from bina.messaging import Runtime, Service
from bina.web import gallery
from bina.web.app import create_app
from bina.web.turns import Turns
from enrollment.accounts import api as accounts_api
from enrollment.accounts import pages as accounts_pages
from enrollment.accounts.provider import Provider
from enrollment.approvals import api as approvals_api
from enrollment.approvals import pages as approvals_pages
from enrollment.approvals.schedule import schedule as approvals_schedule
from enrollment.attendance import api as attendance_api
from enrollment.attendance import check_in_pages, report_pages
from enrollment.attendance import pages as attendance_pages
from enrollment.attendance.subjects import ATTENDANCE, CODES, REPORTS
from enrollment.calendar import pages as calendar_pages
from enrollment.catalogue import api as catalogue_api
from enrollment.catalogue import light_pages, programme_pages, run_pages
from enrollment.catalogue import pages as catalogue_pages
from enrollment.catalogue.subjects import SEATS
from enrollment.certificates import api as certificates_api
from enrollment.certificates import number_pages
from enrollment.certificates import pages as certificates_pages
from enrollment.certificates.schedule import schedule as certificates_schedule
from enrollment.certificates.subjects import CERTIFICATE, CERTIFICATES
from enrollment.credits import pages as credits_pages
from enrollment.credits.domain import conversions
from enrollment.duplicates import pages as duplicates_pages
from enrollment.enrolments import api as enrolments_api
from enrollment.enrolments import pages as enrolments_pages
from enrollment.enrolments.asking import ask_together
from enrollment.enrolments.handlers import handlers as enrolment_handlers
from enrollment.enrolments.schedule import schedule as enrolments_schedule
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
from enrollment.integration import api as integration_api
from enrollment.integration import pages as integration_pages
from enrollment.integration.store import forget_old as forget_tallies
from enrollment.integration.subjects import EVERYONES, INTEGRATION
from enrollment.machines import api as machines_api
from enrollment.own_data import EXPIRIES, own
from enrollment.partners import pages as partner_pages
from enrollment.placements import pages as placements_pages
from enrollment.publishing import api as publishing_api
from enrollment.register import api as register_api
from enrollment.register.schedule import schedule as register_schedule
from enrollment.register.states import states as register_states
from enrollment.rights import pages as rights_pages
from enrollment.settings import EnrollmentSettings
from enrollment.transfers import api as transfers_api
from enrollment.transfers import pages as transfers_pages
from enrollment.transfers.schedule import schedule as transfers_schedule
from enrollment.units import pages as units_pages

MIGRATIONS = Path(__file__).parent / "migrations"

service = Service(
    "enrollment",
    MIGRATIONS,
    handlers=[enrolment_handlers, home_handlers],
    schedules=[
        register_schedule,
        imports_schedule,
        certificates_schedule,
        enrolments_schedule,
        approvals_schedule,
        transfers_schedule,
    ],
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
        approvals_api,
        transfers_api,
        attendance_api,
        entitlement_api,
        certificates_api,
        publishing_api,
        integration_api,
    )
    pages = (
        home_pages,
        accounts_pages,
        catalogue_pages,
        programme_pages,
        run_pages,
        light_pages,
        partner_pages,
        enrolments_pages,
        approvals_pages,
        credits_pages,
        ledger_pages,
        entitlement_pages,
        imports_pages,
        integration_pages,
        certificates_pages,
        number_pages,
        rights_pages,
        attendance_pages,
        report_pages,
        check_in_pages,
        calendar_pages,
        units_pages,
        duplicates_pages,  # before a person's page, which any address of its kind would be
        placements_pages,
        transfers_pages,
    )
    conversions(settings.jp_conversions)  # a site's own table that is none stops the start
    runtime = Runtime(service, settings)
    runtime.hourly.append(forget_tallies)
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
            INTEGRATION,
            EVERYONES,
        ],
    )
    app.state.provider = Provider(settings)
    app.state.wishes = Turns(ask_together)
    return app
