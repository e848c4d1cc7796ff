"""What goes out of the server by itself, put together: e-mail, SMS and webhooks, from the settings to tasks that run.

Not here: what is said, and to whom (`signaling/outbox`, `signaling/webhooks`).
"""

from __future__ import annotations

import os
import random
import secrets
import ssl
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog

from clinic import ClinicError, Database
from clinic.alerts.records import Alert
from clinic.appointments.records import Appointment
from clinic.messages.outbox import Outbox
from clinic.messages.records import Channel
from clinic.webhooks.deliveries import DeliveryStore
from clinic.webhooks.endpoints import Endpoints
from signaling import keys
from signaling.api_access import ApiAccess
from signaling.appointments.told import Contact, Invited, Told, What
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.ids import new_id
from signaling.metrics import Metrics
from signaling.outbox.api import MessagesApi
from signaling.outbox.mail import Mail, MailServer, address
from signaling.outbox.notices import Notices, Ways
from signaling.outbox.sender import Sender
from signaling.outbox.sending import Provider
from signaling.outbox.sms import FormSms, SignedSms
from signaling.outbox.wording import BadWording, Wording, read_languages
from signaling.outward import Outward, written_secret
from signaling.route import Route
from signaling.sealed_columns import SealedColumns
from signaling.spool import Spool
from signaling.webhooks.api import WebhooksApi
from signaling.webhooks.deliverer import Deliverer
from signaling.webhooks.feed import Feed
from signaling.webhooks.journal import Journal
from therabook.settings import BadSettings, Settings, is_loopback

log = structlog.get_logger("outgoing")

SECRET_BYTES = 32
"""Of a new webhook's secret."""

WAITING = ".webhooks-waiting"
"""In the data folder: what is to be told and is not in the database yet. No backup takes it."""

DAY = 86_400.0

Start = Callable[[Coroutine[Any, Any, Any]], None]


class Everybody:
    """Several who are told, one after another, in the transaction of the change."""

    def __init__(self, *told: Told) -> None:
        self._told = told

    async def changed(self, what: What, appointment: Appointment, links: Sequence[Invited]) -> None:
        for each in self._told:
            await each.changed(what, appointment, links)


class Outgoing:
    """`told` is for whoever changes appointments, `alert` for alerts, `feed.tell` for others. The audit log is
    listened to."""

    def __init__(
        self,
        settings: Settings,
        store: Database,
        audit: Audit,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        """Raises BadSettings, signaling.keys.BadKey."""
        seals = SealedColumns(keys.records_key(settings.data_dir), os.urandom)
        self._settings, self._seals, self._audit, self._clock = settings, seals, audit, clock
        keep_trying = settings.webhook_days * DAY
        self.outward = Outward(private=settings.webhook_private_addresses, trust=authorities(settings.webhook_ca))
        outbox = Outbox(store)
        providers = _providers(settings, self.outward, clock)
        self._senders = [
            Sender(
                channel=channel,
                outbox=outbox,
                provider=provider,
                wording=wording(settings),
                opens=seals,
                audit=audit,
                clock=clock,
                metrics=metrics,
                chance=random.SystemRandom().random,
                at_once=settings.smtp_at_once if channel == "mail" else settings.sms_at_once,
            )
            for channel, provider in providers.items()
        ]
        self._outbox = outbox
        self.notices = Notices(outbox, seals, _ways(settings, providers), new_id, clock)
        self._endpoints, self._deliveries = Endpoints(store), DeliveryStore(store)
        journal = Journal(Spool(settings.data_dir / WAITING))
        self.feed = Feed(self._deliveries, journal, new_id, clock, keep_trying)
        self._deliverer = Deliverer(
            endpoints=self._endpoints,
            store=self._deliveries,
            seals=seals,
            outward=self.outward,
            audit=audit,
            clock=clock,
            metrics=metrics,
            chance=random.SystemRandom().random,
        )
        self.told: Told = Everybody(self.notices, self.feed)
        audit.hearers.append(self.feed.hear)

    def routes(self, access: ApiAccess) -> list[Route]:
        webhooks = WebhooksApi(
            endpoints=self._endpoints,
            deliveries=self._deliveries,
            seals=self._seals,
            outward=self.outward,
            access=access,
            audit=self._audit,
            clock=self._clock,
            new_id=new_id,
            new_secret=lambda: written_secret(secrets.token_bytes(SECRET_BYTES)),
            keep_trying=self._settings.webhook_days * DAY,
        )
        return [*MessagesApi(self._outbox, access).routes(), *webhooks.routes()]

    async def alert(self, alert: Alert) -> None:
        """Tells those whom the settings name. Whatever happens, the alert itself is kept and shown."""
        contacts = [Contact(email=each) for each in self._settings.alert_mail]
        try:
            await self.notices.alert(alert.id, contacts, f"{self._settings.public_url}/staff")
        except ClinicError as error:
            log.error("nobody was told of an alert", error_type=type(error).__name__)

    def filmed(self, session: str, recording: str) -> None:
        self.feed.tell("recording.ready", session, recording=recording)

    def missed(self, appointment: Appointment) -> None:
        self.feed.tell("appointment.missed", appointment.session, appointment=appointment.id)

    def reckoned(self, session: str, appointment: str | None) -> None:
        self.feed.tell("usage.ready", session, appointment=appointment)

    def start(self, start: Start) -> None:
        """Raises OSError."""
        self.feed.take_up()
        start(self.feed.run())
        start(self._deliverer.run())
        for sender in self._senders:
            start(sender.run())

    async def close(self) -> None:
        """After whoever tells of anything has stopped, and before the database is closed."""
        await self.feed.close()
        await self._deliverer.close()
        for sender in self._senders:
            await sender.close()
        await self.outward.close()


def wording(settings: Settings) -> Wording:
    try:
        return Wording(read_languages(settings.message_templates), settings.brand_name, settings.message_language)
    except BadWording as error:
        raise BadSettings(f"message_templates: {error}") from None


def authorities(file: Path | None) -> ssl.SSLContext | None:
    if file is None:
        return None
    try:
        return ssl.create_default_context(cafile=str(file))
    except (OSError, ssl.SSLError) as error:
        raise BadSettings(f"{file}: these are no certificates: {error.strerror or 'not PEM'}") from None


def _providers(settings: Settings, outward: Outward, clock: Clock) -> dict[Channel, Provider]:
    providers: dict[Channel, Provider] = {}
    if settings.smtp_host is not None:
        providers["mail"] = _mail(settings, settings.smtp_host)
    if settings.sms != "off":
        providers["sms"] = _sms(settings, outward, clock)
    if providers and settings.public_url is None:
        raise BadSettings("public_url is needed for the links in messages")
    for each in settings.alert_mail:
        _checked(each, "alert_mail")
    return providers


def _mail(settings: Settings, host: str) -> Mail:
    if settings.smtp_from is None:
        raise BadSettings("smtp_host needs smtp_from")
    _checked(settings.smtp_from, "smtp_from")
    if settings.smtp_security == "off" and not is_loopback(host):
        raise BadSettings("smtp_security = off is for a mail server on this machine only")
    if (settings.smtp_user is None) != (settings.smtp_password is None):
        raise BadSettings("smtp_user and smtp_password need each other")
    server = MailServer(
        host=host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        sender=settings.smtp_from,
        name=settings.brand_name,
        user=settings.smtp_user,
        password=settings.smtp_password,
        trust=authorities(settings.smtp_ca),
    )
    return Mail(server, urlsplit(settings.public_url or "").hostname or "localhost")


def _sms(settings: Settings, outward: Outward, clock: Clock) -> Provider:
    if settings.sms_url is None:
        raise BadSettings("sms needs sms_url")
    try:
        if settings.sms == "webhook":
            if settings.sms_secret is None:
                raise BadSettings("sms = webhook needs sms_secret")
            return SignedSms(outward, settings.sms_url, settings.sms_secret, clock.wall)
        pairs = (each.partition("=") for each in settings.sms_form_more)
        return FormSms(
            outward,
            settings.sms_url,
            to=settings.sms_form_to,
            text=settings.sms_form_text,
            more={name: value for name, _, value in pairs},
            user=settings.sms_user,
            secret=settings.sms_secret,
        )
    except ValueError as error:
        raise BadSettings(f"sms: {error}") from None


def _ways(settings: Settings, providers: dict[Channel, Provider]) -> Ways:
    return Ways(
        mail="mail" in providers,
        sms="sms" in providers,
        both=settings.message_both,
        language=settings.message_language,
        reminders=tuple(int(each) for each in settings.reminder_minutes),
    )


def _checked(text: str, setting: str) -> None:
    try:
        address(text)
    except ValueError as error:
        raise BadSettings(f"{setting}: {error}") from None
