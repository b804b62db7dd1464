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


@cache
def undo_window() -> timedelta:
    """How long the notices of an import wait."""
    return timedelta(minutes=ImportSettings().import_undo_minutes)


class EnrollmentSettings(Settings, ImportSettings):
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
