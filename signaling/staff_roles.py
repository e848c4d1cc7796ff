"""Who of the clinic may do what with its records: a table, role x action, and the scopes of API keys.

What happens in a session is decided by another table (`roles.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

StaffRole = Literal["administrator", "therapist", "supervisor", "front_desk", "auditor"]

StaffAction = Literal[
    "own_account",
    "own_day",
    "read_appointments",
    "write_appointments",
    "read_checkin",
    "read_notes",
    "write_notes",
    "read_recordings",
    "read_usage",
    "change_billing",
    "manage_webhooks",
    "manage_accounts",
    "sync_accounts",
    "manage_keys",
    "break_glass",
    "read_audit",
    "close_alerts",
    "change_retention",
    "place_holds",
    "delete_records",
    "export_patient",
]
"""`own_account`: one's own password, second factors and sessions. `own_day`: one's own appointments, patients, notes
and minutes, and no others. `read_*` and `write_*`: everybody's. `read_notes`: no role's, for one's own are read by
`own_day`, and others' by emergency access only. `write_notes`: one's own. `break_glass`: what the role does not allow,
for a short time, with a reason."""

STAFF_PERMISSIONS: dict[StaffRole, frozenset[StaffAction]] = {
    "administrator": frozenset(
        {
            "own_account",
            "read_appointments",
            "write_appointments",
            "read_recordings",
            "read_usage",
            "change_billing",
            "manage_webhooks",
            "manage_accounts",
            "sync_accounts",
            "manage_keys",
            "break_glass",
            "read_audit",
            "close_alerts",
            "change_retention",
            "place_holds",
            "delete_records",
            "export_patient",
        }
    ),
    "therapist": frozenset({"own_account", "own_day", "write_notes", "read_recordings", "break_glass"}),
    "supervisor": frozenset(
        {
            "own_account",
            "own_day",
            "write_notes",
            "read_appointments",
            "read_recordings",
            "read_usage",
            "break_glass",
        }
    ),
    "front_desk": frozenset({"own_account", "read_appointments", "write_appointments", "read_checkin"}),
    "auditor": frozenset({"own_account", "read_audit", "close_alerts", "read_usage"}),
}

STAFF_ROLES: tuple[StaffRole, ...] = get_args(StaffRole)

EMERGENCY_ACTIONS: frozenset[StaffAction] = frozenset(
    {"read_appointments", "read_checkin", "read_notes", "read_recordings", "read_usage"}
)
"""What emergency access adds, for half an hour: reading a patient's records, and changing nothing."""


def actions_of(roles: Iterable[StaffRole]) -> frozenset[StaffAction]:
    """What somebody may who has all these roles."""
    return frozenset().union(*(STAFF_PERMISSIONS[role] for role in roles))


Scope = Literal["tokens", "quality", "accounts", "appointments", "usage", "webhooks", "audit", "records"]
"""What an API key is for. The key of the settings has all of them."""

SCOPES: frozenset[Scope] = frozenset(get_args(Scope))

SCOPE_ACTIONS: dict[Scope, frozenset[StaffAction]] = {
    "tokens": frozenset(),
    "quality": frozenset(),
    "accounts": frozenset({"sync_accounts"}),
    "appointments": frozenset({"read_appointments", "write_appointments", "read_checkin"}),
    "usage": frozenset({"read_usage", "change_billing"}),
    "webhooks": frozenset({"manage_webhooks"}),
    "audit": frozenset({"read_audit"}),
    "records": frozenset({"change_retention", "place_holds", "delete_records", "export_patient"}),
}
"""What a key with a scope may do in place of somebody signed in."""
