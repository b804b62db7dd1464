"""What the enrollment service is told by its surroundings, besides what every service is."""

from datetime import timedelta
from functools import cache

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from bina.messaging import Settings


class ImportSettings(BaseSettings):
    """Settings of imports, which due work reads for itself."""

    model_config = SettingsConfigDict(env_prefix="BINA_", extra="ignore")

    import_undo_minutes: float = Field(default=15.0, ge=0, le=1440)
    """So long after an import was confirmed nobody is told of it: undone by then, nobody hears of it."""
    import_removals_percent: float = Field(default=10.0, ge=0, le=100)
    """A full list of an agency's people under which more than this share of them would leave is applied only by naming
    how many."""
    import_removals_people: int = Field(default=5, ge=0)
    """So many may always leave by a full list, however small the agency is."""


class ApprovalSettings(BaseSettings):
    """Settings of approvals, which due work reads for itself."""

    model_config = SettingsConfigDict(env_prefix="BINA_", extra="ignore")

    approval_days: float = Field(default=3.0, gt=0, le=90)
    """So long a supervisor has for an answer; then the agency answers in their place."""


class TransferSettings(BaseSettings):
    """Settings of agencies' requests for people of another one."""

    model_config = SettingsConfigDict(env_prefix="BINA_", extra="ignore")

    transfer_days: int = Field(default=30, gt=0, le=365)
    """So long the agency that has somebody may take for its answer; then the request is over."""
    transfer_asks: int = Field(default=100, gt=0)
    """So many requests an agency makes in a day at most: whoever asks for number after number learns nothing, and stops."""


@cache
def approval_time() -> timedelta:
    """How long a request waits for its supervisor."""
    return timedelta(days=ApprovalSettings().approval_days)


@cache
def undo_window() -> timedelta:
    """How long the notices of an import wait."""
    return timedelta(minutes=ImportSettings().import_undo_minutes)


def removals_limit(employed: int) -> int:
    """How many of those employed may leave by a full list without being counted by whoever confirms it."""
    settings = ImportSettings()
    return max(settings.import_removals_people, int(employed * settings.import_removals_percent / 100))


class EnrollmentSettings(Settings, ImportSettings, ApprovalSettings):
    """Settings of the enrollment service: the identity provider by which people sign in, any that speaks OpenID Connect."""

    oidc_issuer: str = ""
    """Its address, as its tokens name it; `/.well-known/openid-configuration` below it says the rest. Empty: nobody can
    sign in."""
    oidc_client_id: str = "bina"
    oidc_client_secret: SecretStr = SecretStr("")
    """Empty for a public client, which PKCE alone protects."""
    oidc_scope: str = "openid profile"
    oidc_nip_claim: str = "nip"
    """The claim that says a person's NIP; asked once, at their first sign-in."""
    jp_conversions: str = ""
    """A site's own table of what other learning counts for; empty: the one that is shipped."""
    oidc_seconds: float = 10.0
    """How long the provider may take for an answer."""
