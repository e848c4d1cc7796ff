"""Nobody is named in the database: what could name somebody is sealed before it comes here."""

from __future__ import annotations

import base64
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import JSON, LargeBinary, String

from clinic import Consents, Database, Jobs, Recordings, Retention, Viewing, Viewings
from clinic.columns import Words
from clinic.tables import Table
from tests.clinic.made_up import START, TEXT, captured, consent, job, key_of, mark, output, person, recording, track
from tests.clinic.postgres import Postgres

NAME = "Renée Planted-Surname"

TEXTS = {
    "ids, chosen at random": {
        *("id", "recording_id", "person_id", "session", "file", "version", "text_version", "account_id", "sitting_id"),
        *("appointment", "acknowledged_by", "released_by", "placed_by", "made_by", "closed_by", "series_id"),
        *("appointment_id", "guest_id", "note_id", "link_id", "made", "about", "guest"),
        *("endpoint_id", "event_id"),
    },
    "words from a list of ours": {
        *("state", "kind", "source", "codec", "role", "rule", "gone", "purpose", "stage", "ways", "roles", "scopes"),
        *("browser", "day", "actor_kind", "relation", "frequency", "revoked_because", "language", "zone", "starts"),
        *("channel", "kinds"),
    },
    "hashes": {
        *("sha256", "text_sha256", "secret_hash", "token_hash", "credential_hash", "code_hmac", "login_hmac"),
        *("sign_on_hmac", "patient_hmac", "password", "key", "deleted", "secrets"),
        *("secret_sha256", "device_sha256", "body_sha256", "key_sha256"),
    },
    "ids of the clinic's own system, from tokens": {
        *("held_by", "by", "who", "external_id", "patient", "therapist", "person", "patient_id", "actor", "author"),
        "caller",
    },
    "the clinic's words, for everybody": {"title", "body", "codes"},
    "staff's words, where names are not wanted": {"held_because", "reason"},
    "our own sentences": {"failure", "error"},
    "parts of the installation": {"node", "key_provider"},
    "a country or state": {"place"},
    "ours, in JSON": {"options", "keys", "figures", "details", "left", "data"},
}
"""Every column of text, and why no name is in it. A new one has to find its place here."""

SEALED = {
    *("name_sealed", "signed_as_sealed", "wrapped_key", "signature", "reason_sealed", "because_sealed"),
    *("secrets_sealed", "to_sealed", "url_sealed"),
    *("answers_sealed", "content_sealed", "email_sealed", "phone_sealed", "therapist_name_sealed"),
    *("login_sealed", "totp_sealed", "totp_pending_sealed", "value", "credential", "public_key"),
}


def test_every_column_of_text_has_a_reason_why_it_holds_no_name() -> None:
    columns = [column for table in Table.metadata.sorted_tables for column in table.columns]
    texts = {column.name for column in columns if isinstance(column.type, Words | String | JSON)}
    assert texts == set().union(*TEXTS.values())
    assert {column.name for column in columns if "Sealed" in type(column.type).__name__} == SEALED
    assert not [column for column in columns if isinstance(column.type, LargeBinary)]


def seal(text: str) -> bytes:
    """Stands for the encryption that happens elsewhere: the same length, other bytes."""
    return bytes(byte ^ 0x5A for byte in text.encode())


async def live(database: Database) -> None:
    """A recording's whole life."""
    recordings, consents, jobs = Recordings(database), Consents(database), Jobs(database)
    await recordings.create(recording())
    await recordings.add_person(person("p1", name_sealed=seal(NAME)))
    await recordings.add_person(person("p2", name_sealed=seal(NAME)))
    await recordings.open_track(track("t1", "p1"))
    await recordings.mark(mark(0, person_id="p1"))
    await recordings.failed("r1", "The disk is full.")
    await captured(recordings, "r2")
    await consents.keep_text(TEXT)
    await consents.keep(consent(signed_as_sealed=seal(NAME)))
    await jobs.add(job("j1", "r2"))
    claimed = await jobs.claim(START + 60, 10)
    assert claimed is not None
    await jobs.finish(claimed, output("o1", "r2"))
    await Viewings(database).keep(Viewing("r2", "dr-1", "therapist", "played", START))
    await Retention(database).shred_person("r1", "p1", by="dr-1", reason="withdrew", now=START + 9)


async def test_a_planted_name_is_in_no_column_of_a_dump(
    database: Database, url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    await live(database)
    await database.close()
    if url.startswith("sqlite"):
        with sqlite3.connect(tmp_path / "clinic.db") as file:
            dump = "\n".join(file.iterdump())
    else:
        server: Postgres = request.getfixturevalue("postgres")
        dump = server.dump(url)
    dump = dump.lower()
    assert seal(NAME).hex() in dump, "the sealed name is there, so the dump is whole"
    for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be"):
        for part in (NAME, *NAME.split()):
            encoded = part.encode(encoding)
            assert encoded.hex() not in dump
            assert base64.b64encode(encoded).decode().rstrip("=").lower()[:-1] not in dump
    assert all(part.lower() not in dump for part in (NAME, *NAME.split()))


def test_records_do_not_print_keys_names_or_signatures() -> None:
    printed = repr([person(), output(), consent(signed_as_sealed=seal(NAME))])
    for secret in (key_of("p1"), key_of("o1"), b"sealed name", b"signed by the server", seal(NAME)):
        assert repr(secret)[2:-1] not in printed
