"""Keeping, put together: who keeps which kind of record, its API, and the sweep that housekeeping runs.

Not here: what any of it does (`signaling/keeping`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial

from clinic import BadValue, Database, Retention, Unknown
from clinic.keeping import here, office, whose
from clinic.keeping.access_log import AccessLog
from clinic.keeping.holds import LegalHolds
from clinic.keeping.kinds import KINDS, Kept
from clinic.keeping.proofs import DeletionProofs
from clinic.keeping.rules import RetentionRules
from clinic.keeping.runs import Runs
from signaling import keys
from signaling.api_access import ApiAccess
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.ids import new_id
from signaling.keeping.api import KeepingApi
from signaling.keeping.openers import openers_of
from signaling.keeping.parts import Opener, Parts
from signaling.keeping.proof import ProofSigner
from signaling.keeping.recordings import KeptRecordings
from signaling.keeping.routes import keeping_routes
from signaling.route import Route
from signaling.sealed_columns import SealedColumns
from signaling.vault import Vault
from therabook.settings import BadSettings, Settings

NEVER = "never"


def kept(store: Database, vault: Vault, ended: Callable[[str], None]) -> dict[str, Kept]:
    """By kind, in the order in which a patient's records are removed: what others refer to comes last."""
    return {"recordings": KeptRecordings(vault, ended), **here.kept_rows(store), **office.kept_rows(store)}


def openers(sealed: SealedColumns) -> dict[str, Opener]:
    """By kind: what patients may see of what is sealed."""
    return openers_of(sealed)


def parts(
    settings: Settings,
    store: Database,
    vault: Vault,
    audit: Audit,
    clock: Clock,
    *,
    ended: Callable[[str], None] = lambda recording: None,
    audit_database: Database | None = None,
) -> Parts:
    """`audit_database`: of which patients' exports have an extract. Raises BadSettings, signaling.keys.BadKey."""
    records_key = keys.records_key(settings.data_dir)
    sealed = SealedColumns(records_key, os.urandom)
    return Parts(
        database=store,
        kept=kept(store, vault, ended),
        rules=rules(settings, store),
        holds=LegalHolds(store),
        proofs=DeletionProofs(store),
        runs=Runs(store),
        retention=Retention(store),
        whose=partial(whose.subject, store),
        signer=ProofSigner(keys.receipt_key(settings.data_dir), records_key),
        sealed=sealed,
        audit=audit,
        clock=clock,
        new_id=new_id,
        scrub=store.scrub,
        openers=openers(sealed),
        access_log=None if audit_database is None else AccessLog(audit_database).of_patient,
    )


def routes(settings: Settings, made: Parts, access: ApiAccess) -> list[Route]:
    return keeping_routes(KeepingApi(made, access, os.urandom, settings.brand_name))


def rules(settings: Settings, store: Database) -> RetentionRules:
    """Raises BadSettings."""
    try:
        return RetentionRules(store, defaults(settings))
    except (BadValue, Unknown) as error:
        raise BadSettings(f"retention: {error}") from None


def defaults(settings: Settings) -> Mapping[str, int | None]:
    """Days by kind, as the settings say. Raises BadSettings."""
    said: dict[str, int | None] = {
        "recordings": settings.recordings_keep_days,
        "quality": settings.quality_keep_days,
    }
    for each in settings.retention:
        kind, _, days = (part.strip() for part in each.partition("="))
        if kind not in KINDS:
            raise BadSettings(f"retention: there is no kind of record {kind[:24]!r}: {', '.join(KINDS)}")
        if days != NEVER and not (days.isascii() and days.isdecimal() and len(days) <= 6):
            raise BadSettings(f"retention: {kind}: say how many days, or {NEVER}")
        said[kind] = None if days == NEVER else int(days)
    return said
