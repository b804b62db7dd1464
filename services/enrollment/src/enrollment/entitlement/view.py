"""JP in a sentence and as a bar."""

from datetime import date

from bina.web.charts import Figure, jp_ceiling, jp_floor
from bina.web.formats import day, jp, number
from bina.web.language import gettext as _
from enrollment.entitlement.domain import JpRule
from enrollment.entitlement.store import Standing


def sentence(rule: JpRule, standing: Standing) -> str:
    """What a person's JP of the year mean to them."""
    if rule.kind == "ceiling":
        return _ceiling(rule, standing)
    missing = rule.jp - standing.earned
    if missing <= 0:
        return _("Target %(jp)s tahun ini tercapai.") % {"jp": jp(rule.jp)}
    values = {"jp": jp(missing), "day": _last_day(standing.year.last), "planned": jp(standing.scheduled)}
    if standing.scheduled >= missing:
        return _("Anda perlu %(jp)s lagi sebelum %(day)s; %(planned)s sudah terjadwal.") % values
    return _("Anda perlu %(jp)s lagi sebelum %(day)s.") % values


def _ceiling(rule: JpRule, standing: Standing) -> str:
    values = {"jp": jp(standing.earned), "limit": number(rule.jp), "day": day(standing.year.last)}
    if standing.earned > rule.jp:
        return _("%(jp)s, melewati batas %(limit)s JP; kontrak s.d. %(day)s.") % values
    return _("%(jp)s, batas %(limit)s JP, kontrak s.d. %(day)s.") % values


def _last_day(last: date) -> str:
    """`31 Desember`: the year goes without saying."""
    return day(last).rsplit(" ", 1)[0]


def bar(rule: JpRule, standing: Standing) -> Figure:
    """The bullet bar of one year: earned and scheduled against floor or ceiling."""
    year = standing.year
    if rule.kind == "ceiling":
        title = _("JP %(first)s sampai %(last)s") % {"first": day(year.first), "last": day(year.last)}
        return jp_ceiling(standing.earned, standing.scheduled, limit=rule.jp, until=year.last, title=title)
    title = _("JP tahun %(year)s") % {"year": year.first.year}
    return jp_floor(standing.earned, standing.scheduled, target=rule.jp, until=year.last, title=title)
