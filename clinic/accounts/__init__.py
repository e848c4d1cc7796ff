"""People of the clinic who sign in, what they sign in with, and the keys of its software."""

from __future__ import annotations

from clinic.accounts.attempts import Attempts
from clinic.accounts.challenges import Challenges
from clinic.accounts.emergencies import Emergencies
from clinic.accounts.factors import Factors
from clinic.accounts.keys import ApiKeys
from clinic.accounts.people import Accounts
from clinic.accounts.records import (
    Account,
    ApiKey,
    Attempt,
    Challenge,
    Emergency,
    Listed,
    Passkey,
    StaffSession,
)
from clinic.accounts.sessions import StaffSessions

__all__ = [
    "Account",
    "Accounts",
    "ApiKey",
    "ApiKeys",
    "Attempt",
    "Attempts",
    "Challenge",
    "Challenges",
    "Emergencies",
    "Emergency",
    "Factors",
    "Listed",
    "Passkey",
    "StaffSession",
    "StaffSessions",
]
