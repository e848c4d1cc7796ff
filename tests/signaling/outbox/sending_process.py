"""Sends what is due until it is killed: `python -m tests.signaling.outbox.sending_process URL PORT CERTIFICATE`.

Says `sending` when it begins. Its leases are as long as ours, its clock is the one it was given.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from collections.abc import Sequence

from pydantic import SecretBytes, SecretStr

from clinic import open_database
from clinic.audit.events import Event
from clinic.messages.outbox import Outbox
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.metrics import Metrics
from signaling.outbox.mail import Mail, MailServer
from signaling.outbox.sender import Sender
from signaling.sealed_columns import SealedColumns
from tests.signaling.outbox.letters import CLINIC, HOST, NOW, wording
from tests.signaling.outbox.mail_server import PASSWORD, USER


async def send(url: str, port: int, cert: str) -> None:
    clock = Clock(steady=lambda: NOW, wall=lambda: NOW)
    server = MailServer(
        host="localhost",
        port=port,
        security="starttls",
        sender="no-reply@clinic.example",
        name=CLINIC,
        user=USER,
        password=SecretStr(PASSWORD),
        trust=ssl.create_default_context(cafile=cert),
    )

    async def append(events: Sequence[Event]) -> None:
        return None

    sender = Sender(
        channel="mail",
        outbox=Outbox(open_database(url)),
        provider=Mail(server, HOST),
        wording=wording(),
        opens=SealedColumns(SecretBytes(bytes(range(32))), os.urandom),
        audit=Audit(append, clock),
        clock=clock,
        metrics=Metrics(),
        chance=lambda: 0.5,
    )
    print("sending", flush=True)
    await sender.look()
    print("sent", flush=True)


if __name__ == "__main__":
    asyncio.run(send(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
