"""Who is to come past the door of which route, decided by hand: not from the tables that the server reads.

A route that is not here fails the test; so does one that somebody passes who should not, or does not who should.
`key:SCOPE` is a key with that scope alone, `key` the one of the settings.
"""

from __future__ import annotations

from collections.abc import Iterable

ADMINISTRATOR, THERAPIST, SUPERVISOR = "administrator", "therapist", "supervisor"
FRONT_DESK, AUDITOR, KEY = "front_desk", "auditor", "key"

STAFF = {ADMINISTRATOR, THERAPIST, SUPERVISOR, FRONT_DESK, AUDITOR}
KEEPERS = {ADMINISTRATOR, THERAPIST, SUPERVISOR}
HOLDERS = {ADMINISTRATOR, SUPERVISOR}
ADMIN = {ADMINISTRATOR}
EMERGENCY = {ADMINISTRATOR, THERAPIST, SUPERVISOR}
WATCHERS = {ADMINISTRATOR, AUDITOR}
OTHERS_MINUTES = {ADMINISTRATOR, SUPERVISOR, AUDITOR, KEY, "key:usage"}
MINUTES = OTHERS_MINUTES | {THERAPIST}

LOG = {ADMINISTRATOR, AUDITOR, KEY, "key:audit"}
BOOKING = {ADMINISTRATOR, FRONT_DESK, THERAPIST, SUPERVISOR, KEY, "key:appointments"}
CHECKIN = {THERAPIST, SUPERVISOR, FRONT_DESK, KEY, "key:appointments"}
TREATING = {THERAPIST, SUPERVISOR}
KEEPING = {ADMINISTRATOR, KEY, "key:records"}

_TABLE: tuple[tuple[Iterable[str], str], ...] = (
    (
        KEEPERS,
        """
        GET /api/recordings/me
        GET /api/recordings
        GET /api/recordings/{recording}
        GET /api/recordings/{recording}/chapters.vtt
        POST /api/recordings/{recording}/jobs
        GET /api/recordings/{recording}/outputs/{output}
        POST /api/recordings/{recording}/outputs/{output}/download
        GET /api/recordings/{recording}/outputs/{output}/key
        GET /api/recordings/{recording}/tracks/{track}
        POST /api/recordings/{recording}/tracks/{track}/download
        GET /api/recordings/{recording}/tracks/{track}/key
        """,
    ),
    (
        HOLDERS,
        """
        POST /api/recordings/{recording}/hold
        POST /api/recordings/{recording}/release
        """,
    ),
    (
        ADMIN,
        """
        POST /api/recordings/{recording}/delete
        POST /api/recordings/{recording}/verify
        GET /api/staff/accounts
        POST /api/staff/accounts
        GET /api/staff/accounts/{account}
        POST /api/staff/accounts/{account}/change
        POST /api/staff/accounts/{account}/disable
        POST /api/staff/accounts/{account}/enable
        POST /api/staff/accounts/{account}/invite
        POST /api/staff/accounts/{account}/reset-second-factor
        POST /api/staff/accounts/{account}/unlock
        POST /api/staff/accounts/{account}/sign-out
        GET /api/staff/keys
        POST /api/staff/keys
        POST /api/staff/keys/{key}/revoke
        """,
    ),
    (
        STAFF,
        """
        GET /api/staff/me
        POST /api/staff/confirm
        POST /api/staff/confirm/passkey/options
        POST /api/staff/confirm/passkey
        GET /api/staff/security
        POST /api/staff/security/password
        POST /api/staff/security/totp
        POST /api/staff/security/totp/confirm
        POST /api/staff/security/totp/remove
        POST /api/staff/security/passkeys/options
        POST /api/staff/security/passkeys
        POST /api/staff/security/passkeys/{passkey}/rename
        POST /api/staff/security/passkeys/{passkey}/remove
        POST /api/staff/security/recovery-codes
        POST /api/staff/security/sessions/{session}/end
        POST /api/staff/security/sessions/end-others
        """,
    ),
    (
        EMERGENCY,
        """
        POST /api/staff/emergency
        POST /api/staff/emergency/end
        """,
    ),
    (
        WATCHERS,
        """
        GET /api/staff/emergencies
        POST /api/staff/emergencies/{emergency}/acknowledge
        """,
    ),
    ({ADMINISTRATOR, KEY, "key:accounts"}, "POST /api/accounts/sync"),
    (
        MINUTES,
        """
        GET /api/usage/sessions
        GET /api/usage/sessions/{id}
        GET /api/usage/therapists
        GET /api/usage/patients/{id}
        GET /api/usage/months
        GET /api/usage/statement
        GET /api/usage/codes
        """,
    ),
    (OTHERS_MINUTES, "GET /api/usage/patients"),
    ({ADMINISTRATOR, KEY, "key:usage"}, "PUT /api/usage/codes"),
    (
        LOG,
        """
        GET /api/audit/events
        GET /api/audit/reports/{report}
        GET /api/audit/reports/{report}.csv
        GET /api/audit/head
        GET /api/audit/proof/{seq}
        GET /api/audit/consistency
        GET /api/audit/export
        GET /api/audit/export.csv
        GET /api/alerts
        """,
    ),
    (WATCHERS, "POST /api/alerts/{alert}/close"),
    (
        BOOKING,  # therapists their own only
        """
        POST /api/appointments
        GET /api/appointments
        GET /api/appointments/{appointment}
        PATCH /api/appointments/{appointment}
        POST /api/appointments/{appointment}/cancel
        POST /api/appointments/{appointment}/guests
        DELETE /api/appointments/{appointment}/guests/{guest}
        POST /api/appointments/{appointment}/guests/{guest}/link
        DELETE /api/appointments/{appointment}/guests/{guest}/link
        POST /api/series
        GET /api/series/{series}
        GET /api/patients/{patient}
        PUT /api/patients/{patient}
        GET /api/patients/{patient}/appointments
        GET /api/day
        GET /api/therapists
        """,
    ),
    ({ADMINISTRATOR, SUPERVISOR, FRONT_DESK, KEY, "key:appointments"}, "GET /api/messages"),
    (
        {ADMINISTRATOR, KEY, "key:webhooks"},
        """
        GET /api/webhooks
        POST /api/webhooks
        PATCH /api/webhooks/{id}
        DELETE /api/webhooks/{id}
        POST /api/webhooks/{id}/secret
        POST /api/webhooks/{id}/test
        GET /api/webhooks/{id}/deliveries
        GET /api/webhooks/{id}/deliveries/{event}
        POST /api/webhooks/{id}/replay
        """,
    ),
    (CHECKIN, "GET /api/appointments/{appointment}/checkin"),
    (
        TREATING,  # only what is theirs
        """
        POST /api/appointments/{appointment}/join
        GET /api/appointments/{appointment}/notes
        POST /api/appointments/{appointment}/notes
        GET /api/notes/{note}
        PUT /api/notes/{note}
        DELETE /api/notes/{note}
        GET /api/notes/{note}/versions
        """,
    ),
    (
        KEEPING,
        """
        GET /api/keeping/retention
        GET /api/keeping/retention/due
        GET /api/keeping/retention/{kind}
        PUT /api/keeping/retention/{kind}
        GET /api/keeping/holds
        POST /api/keeping/holds
        POST /api/keeping/holds/{hold}/release
        POST /api/keeping/deletions/patient
        POST /api/keeping/deletions/record
        GET /api/keeping/deletions
        POST /api/keeping/exports
        GET /api/keeping/backups
        """,
    ),
)

DECISIONS: dict[str, frozenset[str]] = {
    line.strip(): frozenset(who) for who, lines in _TABLE for line in lines.strip().splitlines()
}
