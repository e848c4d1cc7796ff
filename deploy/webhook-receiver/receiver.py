"""A receiver of webhooks, to begin yours with: checks each signature, takes each event once, and keeps their order.

    WEBHOOK_SECRET=whsec_... python receiver.py [PORT]

Needs aiohttp. docs/webhooks.md says what comes. Not here: TLS (put a proxy in front), and what you do with an event.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import sys
import time
from typing import Any

from aiohttp import web

TOLERANCE = 300
"""Seconds that a delivery may be old: what somebody overheard is of no use to them later."""

SECRET = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
books = sqlite3.connect(os.environ.get("WEBHOOK_DATABASE", "webhooks.db"), isolation_level=None)
books.execute("CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, session TEXT, sequence INTEGER, body TEXT)")


def genuine(headers: Any, body: bytes) -> bool:
    try:
        age = abs(time.time() - int(headers["webhook-timestamp"]))
    except (KeyError, ValueError):
        return False
    signed = f"{headers.get('webhook-id', '')}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.digest(SECRET, signed, hashlib.sha256)).decode()
    given = [each.partition(",") for each in headers.get("webhook-signature", "").split()]
    # while a secret is changed, there are two
    return age <= TOLERANCE and any(v == "v1" and hmac.compare_digest(s, wanted) for v, _, s in given)


async def take(request: web.Request) -> web.Response:
    body = await request.read()
    if not genuine(request.headers, body):
        return web.Response(status=401)
    event = json.loads(body)
    # kept first, answered afterwards: after a crash in between it comes again, and is known by its id
    row = (event["id"], event["session"], event["sequence"], body.decode())
    if not books.execute("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?)", row).rowcount:
        return web.Response(status=200, text="again")
    before = books.execute("SELECT count(*) FROM event WHERE session = ? AND sequence < ?", row[1:3]).fetchone()[0]
    if before != event["sequence"] - 1:
        print(f"missing {event['sequence'] - 1 - before} of {event['session']}: ask for a replay", flush=True)
    print(event["sequence"], event["type"], event["session"], event["data"], flush=True)
    return web.Response(status=200)


app = web.Application(client_max_size=65_536)
app.router.add_post("/webhooks", take)

if __name__ == "__main__":
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]) if len(sys.argv) > 1 else 8090, access_log=None)
