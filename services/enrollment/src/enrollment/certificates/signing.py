"""Where a certified electronic signature would come in: the seam, and what stands there until one is connected.

Agencies get certified signatures from an authority (government's own is BSrE of BSSN), each by its own agreement. None
is connected here, so nothing claims to be signed: a certificate's `signature` is `unsigned`, and its PDF shows the
empty place.

To connect one, write a `Signer` and name it in `issuing.py`. It says with which state certificates begin. One that asks
an authority begins with `pending`, asks as due work outside of the issuing transaction, and then writes `signed` and the
authority's reference into the certificate's row. A signed PDF can no longer be made anew from facts: whoever connects an
authority has to keep it, and to give it out instead.
"""

from typing import Protocol

from enrollment.certificates.domain import Signature


class Signer(Protocol):
    """Signs certificates after they were issued."""

    @property
    def first_state(self) -> Signature:
        """What a certificate's signature is as it is issued."""
        ...


class NoSigner:
    """No authority is connected: certificates stay unsigned, and say so."""

    first_state: Signature = "unsigned"
