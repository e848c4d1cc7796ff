"""The server: every part made once and given to those who need it. Read it as a table of contents."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import random
import resource
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from pydantic import SecretStr

from clinic import Qualities, Viewings
from recording import core_dumps
from sfu import MediaEvent, MediaServer
from signaling import headers, keys
from signaling.api import LARGEST_BODY, TokenApi
from signaling.audit_port import Audit
from signaling.captures import Captures
from signaling.clock import Clock
from signaling.entrance import Entrance
from signaling.health import Health
from signaling.housekeeping import Housekeeping
from signaling.ice_api import IceApi
from signaling.ids import new_id, new_session_id
from signaling.keeping.sweep import Sweep
from signaling.limits import Limiter
from signaling.metrics import Metrics
from signaling.nodes import Alone
from signaling.pages import Pages
from signaling.probes import Probes
from signaling.pseudonyms import Pseudonyms
from signaling.quality_api import QualityApi
from signaling.quality_keeper import QualityKeeper
from signaling.quality_watch import QualityWatch
from signaling.recordings_access import RecordingsAccess
from signaling.recovery import recover
from signaling.revocations import Revocations
from signaling.route import add_routes
from signaling.routes import route_table
from signaling.sessions import LOOK, Sessions
from signaling.static import Shelf, read_tree
from signaling.streams import Streams
from signaling.tickets import Tickets
from signaling.tokens import Tokens
from signaling.told_calls import ToldCalls
from signaling.told_door import ToldDoor
from signaling.told_keys import ToldKeys
from signaling.websocket import WebSocketDoor
from therabook import (
    VERSION,
    alerts_served,
    appointments_served,
    audit_served,
    keeping_served,
    office_served,
    parts,
    recordings,
    recordings_served,
    tls,
    usage_served,
)
from therabook.accounts_served import Staff
from therabook.garbage import collect_seldom
from therabook.outgoing_served import Outgoing
from therabook.settings import BadSettings, Settings

log = structlog.get_logger("server")

WEB = Path(__file__).resolve().parent.parent / "web"
SOCKETS = 16_384


@dataclass(frozen=True)
class Running:
    """A server that serves."""

    port: int
    media_port: int
    tokens: Tokens
    clock: Clock
    setup_token: SecretStr | None = None
    """With which the first administrator is made, while there is none."""


@contextlib.asynccontextmanager
async def running(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Running]:
    """Serves until the block ends, then says goodbye. Raises BadSettings, sfu.ConfigError or OSError at the start."""
    clock = clock or Clock()
    proxies = [ipaddress.ip_network(each) for each in settings.trusted_proxies]
    keys.make_folder(settings.data_dir)
    missing_keys = audit_served.missing_keys(settings)

    # Keys and tokens
    signing_key = keys.signing_key(settings.data_dir)
    api_key = settings.api_key or keys.api_key(settings.data_dir)
    tokens = Tokens(signing_key)
    revocations = Revocations(settings.data_dir / "revocations", clock.wall())
    metrics = Metrics()
    pseudonyms = Pseudonyms(signing_key)

    # The audit log, and who may ask for records
    http = aiohttp.ClientSession()
    store = recordings.database(settings)
    audit_log = audit_served.audit_log(settings)
    audit = Audit(audit_log.append, clock)
    alerts = alerts_served.alerts(settings, store, audit, metrics, clock)
    staff = Staff(settings, store, audit, clock, http, api_key, proxies, alerts.used)

    # Media, recordings, sessions, and the way into them
    nodes = Alone()
    to_whom: list[Callable[[MediaEvent], None]] = []

    def tell(event: MediaEvent) -> None:
        for each in to_whom:
            each(event)

    media = MediaServer(parts.media_config(settings), tell)
    provider = ToldKeys(recordings.key_provider(settings, http, clock.wall), audit, clock)
    told_door = ToldDoor(audit, clock, alerts.used)
    books = recordings.books(settings, store, provider)
    vault = recordings.vault(settings, store, provider)
    watch = QualityWatch(metrics.quality)
    qualities = Qualities(store)
    keeper = QualityKeeper(watch, qualities, clock)
    composing = recordings.composing(settings, store, vault, clock, lambda *film: sessions.filmed(*film))
    captures = Captures(
        media=media,
        books=books,
        policy=recordings.consent_policy(settings),
        folder=recordings.folder(settings),
        clock=clock,
        entropy=os.urandom,
        new_id=new_id,
        ended=composing.recorded,
        unopened=metrics.frames_unopened.inc,
    )
    sessions = Sessions(
        media=media,
        tokens=tokens,
        revocations=revocations,
        rules=parts.rules(settings),
        clock=clock,
        new_id=new_id,
        metrics=metrics,
        pseudonyms=pseudonyms,
        vanished=lambda session: background.start(nodes.release(session)),
        captures=captures if settings.recordings else None,
        quality=watch,
        told=ToldCalls(audit),
    )
    tickets = Tickets(tokens=tokens, revocations=revocations, clock=clock, proxies=proxies)
    probes = Probes(media=media, tickets=tickets, clock=clock, new_id=new_id)
    to_whom += [sessions.media_event, probes.media_event]
    metrics.watch(sessions.counts, media.counters)
    entrance = Entrance(
        sessions=sessions,
        tokens=tokens,
        revocations=revocations,
        nodes=nodes,
        clock=clock,
        joins=Limiter(settings.joins_per_minute / 60, settings.joins_per_minute),
        told=told_door,
    )

    # What is served
    api = TokenApi(
        tokens=tokens,
        ring=staff.ring,
        lifetime=settings.token_minutes * 60,
        demo=settings.demo,
        clock=clock,
        limit=Limiter(settings.tokens_per_minute / 60, settings.tokens_per_minute),
        metrics=metrics,
        proxies=proxies,
        new_id=new_id,
        new_session_id=new_session_id,
        audit=audit,
        told=told_door,
    )
    access = RecordingsAccess(
        tokens=tokens,
        ring=staff.ring,
        staff=staff.access,
        clock=clock,
        limit=Limiter(settings.tokens_per_minute / 60, settings.tokens_per_minute),
        proxies=proxies,
        new_id=new_id,
        sealed=not provider.can_unwrap,
        audit=audit,
        told=told_door,
    )
    quality = QualityApi(
        keeper=keeper,
        ring=staff.ring,
        clock=clock,
        limit=Limiter(settings.tokens_per_minute / 60, settings.tokens_per_minute),
        proxies=proxies,
    )
    turn = parts.turn_servers(settings)
    ice = IceApi(turn=turn, tickets=tickets, clock=clock, new_id=new_id)
    streams = Streams()
    shelf = Shelf(lambda: read_tree(WEB), reload=settings.reload)
    pages = Pages(
        shelf=shelf,
        brand=parts.brand(settings),
        demo=settings.demo,
        video=parts.video(settings),
        encryption=settings.encryption,
        turn=bool(turn),
    )
    door = WebSocketDoor(
        entrance=entrance,
        sessions=sessions,
        clock=clock,
        metrics=metrics,
        messages_per_second=settings.messages_per_second,
        origins=settings.origins,
        proxies=proxies,
    )
    health = Health(version=VERSION, ready=lambda: not entrance.closed, metrics=metrics)
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[headers.errors_and_counts(metrics)])
    app.on_response_prepare.append(headers.secure(strict_transport=settings.tls == "files"))
    archive = recordings_served.routes(
        access=access,
        store=store,
        vault=vault,
        audit=audit,
        composer=composing,
        streams=streams,
        clock=clock,
        pseudonyms=pseudonyms,
    )
    outgoing = Outgoing(settings, store, audit, clock, metrics)
    alerts.notify = outgoing.alert
    office = office_served.routes(settings, store, staff.access, audit, audit_log, clock)
    booked = appointments_served.appointments(
        settings, store, staff.access, audit, clock, tokens, pages, proxies, sessions, revocations, outgoing.told
    )
    office += [*booked.routes, *outgoing.routes(staff.access)]
    keeping = keeping_served.parts(
        settings, store, vault, audit, clock, ended=streams.end, audit_database=audit_log.database
    )
    office += keeping_served.routes(settings, keeping, staff.access)
    booked.keeper.missed, composing.made = outgoing.missed, outgoing.filmed
    usage = usage_served.keeper(settings, store, sessions, media, clock, booked.appointment_of)
    usage.ready = outgoing.reckoned
    records = [*archive, *quality.routes(), *staff.routes(outgoing.notices), *office]
    add_routes(app, route_table(api, pages, door, health, ice, probes, records, version=VERSION))

    # Serving
    background = Background()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(audit_log.close)
        stack.push_async_callback(http.close)
        await audit_served.opened(audit_log)
        audit_served.tell_start(audit, settings, missing_keys, shelf.current().digest)
        stack.push_async_callback(audit_served.tell_stop, audit)
        stack.callback(staff.close)
        await store.upgrade()
        stack.push_async_callback(store.close)
        await recover(books, recordings.folder(settings), clock.wall(), vault.files)
        await media.start()
        stack.push_async_callback(media.close)
        composing.start()
        stack.push_async_callback(composing.close)
        await captures.start()
        stack.push_async_callback(captures.close)
        stack.push_async_callback(outgoing.close)
        stack.push_async_callback(background.stop)
        outgoing.start(background.start)
        background.start(look_regularly(sessions, probes))
        background.start(audit.run())
        background.start(alerts.run())
        witnessing = audit_served.witnessing(settings, audit_log, audit, http)
        if witnessing is not None:
            background.start(witnessing.run())
        stack.push_async_callback(keeper.close)
        background.start(keeper.run())
        stack.push_async_callback(booked.close)
        background.start(booked.keeper.run())
        await usage.keep()
        stack.push_async_callback(usage.close)
        background.start(usage.look_regularly())
        background.start(usage.keep_regularly())
        chance, sweep = random.SystemRandom(), Sweep(keeping)
        housekeeping = Housekeeping(vault, Viewings(store), store.scrub, clock, chance.choice, metrics, audit, sweep)
        background.start(housekeeping.run())
        offload = recordings.offload(settings, store, vault.files, clock, chance.random)
        if offload is not None:
            background.start(offload.run())
        port = await serve_app(app, settings, background, stack)

        async def say_goodbye() -> None:
            entrance.closed = True
            streams.close()
            await sessions.close()
            await door.close()

        stack.push_async_callback(say_goodbye)
        log.info("web client", web_digest=shelf.current().digest)
        log.info("serving", version=VERSION, port=port, tls=settings.tls, demo=settings.demo)
        yield Running(port, media.ports[0], tokens, clock, await staff.setup_token())
        log.info("stopping")


async def serve(settings: Settings, started: Callable[[Running], None]) -> None:
    """Serves until SIGTERM or SIGINT."""
    core_dumps.forbid()
    allow_many_sockets()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(settings) as server:
        started(server)
        collect_seldom()
        await stop.wait()


async def serve_app(
    app: web.Application, settings: Settings, background: Background, stack: contextlib.AsyncExitStack
) -> int:
    """Opens the port; returns it. No access log: paths and addresses are nobody's business."""
    secure = None
    if settings.tls != "off":
        cert, key = parts.tls_files(settings)
        try:
            secure = tls.context(cert, key)
        except (OSError, ssl.SSLError) as error:
            raise BadSettings(f"tls: certificate and key cannot be used: {error.strerror or error}") from None
        background.start(tls.reload_on_change(secure, cert, key))
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2.0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, settings.host, settings.port, ssl_context=secure, reuse_address=True)
    try:
        await site.start()
    except OSError as error:
        raise BadSettings(f"port {settings.port}: {error.strerror}") from None
    return int(runner.addresses[0][1])


def allow_many_sockets() -> None:
    """Each person has a socket and the usual soft limit is 1024; the hard one is what the operator allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, SOCKETS) if hard != resource.RLIM_INFINITY else SOCKETS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def look_regularly(sessions: Sessions, probes: Probes) -> None:
    while True:
        await asyncio.sleep(LOOK)
        sessions.look()
        probes.look()


class Background:
    """Tasks that run beside everything else. One that fails is seen in the log, not only when it is collected."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks))

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("background task failed", exc_info=task.exception())
