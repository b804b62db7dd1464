"""What can go wrong at the door, in words for who stands before it."""

import contextlib
import logging
from collections.abc import Iterator

from bina.web.language import gettext as _
from bina.web.problems import Problem
from enrollment.accounts.provider import ProviderAwayError, SignInRefusedError

log = logging.getLogger(__name__)


@contextlib.contextmanager
def plainly() -> Iterator[None]:
    """Turn the provider's failures into problems; what it said goes to the log."""
    try:
        yield
    except ProviderAwayError as error:
        log.warning("identity provider: %r", str(error))
        raise away() from error
    except SignInRefusedError as error:
        raise refused(str(error)) from error


def away() -> Problem:
    """503: nobody can sign in now; who is signed in goes on."""
    return Problem(
        "identity-provider-away",
        503,
        _("Layanan akun pegawai tidak menjawab."),
        _("Yang sudah masuk tetap dapat bekerja."),
        mend=_("Coba masuk lagi beberapa menit lagi."),
        headers={"Retry-After": "30"},
        way=_again(),
    )


def refused(why: str) -> Problem:
    """400: the provider refused, or its answer cannot be believed."""
    log.warning("sign-in refused: %r", why)
    return Problem(
        "sign-in-refused",
        400,
        _("Masuk tidak berhasil."),
        _("Layanan akun pegawai menolak, atau jawabannya tidak dapat dipercaya."),
        mend=_("Mulai lagi dari halaman masuk."),
        way=_again(),
    )


def stale() -> Problem:
    """400: begun elsewhere or too long ago, or answered already."""
    return Problem(
        "sign-in-stale",
        400,
        _("Permintaan masuk ini sudah tidak berlaku."),
        mend=_("Mulai lagi dari halaman masuk; selesaikan di peramban yang sama dalam 15 menit."),
        way=_again(),
    )


def unknown() -> Problem:
    """403: the provider knows them, the register does not."""
    return Problem(
        "account-unknown",
        403,
        _("Akun Anda belum terhubung dengan data pegawai."),
        mend=_("Minta pengelola kepegawaian di instansi Anda memeriksa NIP pada akun dan pada data pegawai."),
    )


def linked_already() -> Problem:
    """409: the person signs in by another account of this provider."""
    return Problem(
        "account-linked-already",
        409,
        _("Data pegawai ini sudah terhubung dengan akun lain."),
        mend=_(
            "Masuk dengan akun yang biasa Anda pakai, atau minta pengelola platform melepas akun yang lama."
        ),
        way=_again(),
    )


def closed() -> Problem:
    """403: no identity provider is connected."""
    return Problem(
        "sign-in-closed",
        403,
        _("Layanan akun pegawai belum dihubungkan."),
        mend=_("Hubungi pengelola platform."),
    )


def _again() -> tuple[str, str]:
    return _("Ke halaman masuk"), "/masuk"
