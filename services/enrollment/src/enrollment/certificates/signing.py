"""Where a certified electronic signature would come in: the seam, and what stands there until one is connected.

UU 11/2008 as amended by UU 1/2024 wants certified signatures for such documents; agencies get theirs from a certificate
authority (for government, BSrE of BSSN), each by its own agreement. None is connected here, so nothing claims to be
signed: a certificate's `signature` is `unsigned`, and its PDF shows the empty place.

To connect one, write a `Signer` and name it in `issuing.py`. It says with which state certificates begin. A signer that
asks an authority returns `pending`, does its asking as due work outside of the issuing transaction, and afterwards
writes `signed` with the authority's reference (`store.mark_signed`). A signed PDF is the authority's and can no longer
be made anew from facts: the signer keeps it, and its download goes first.
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
