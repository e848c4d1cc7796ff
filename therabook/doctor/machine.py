"""This machine, looked at with the settings of a server that runs on it, or is to. Changes nothing and makes no files.

Not here: whether it can be reached from elsewhere (`remote.py`).
"""

from __future__ import annotations

import contextlib
import ctypes
import datetime
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from cryptography import x509
from PIL import ImageFont

from clinic import ClinicError
from recording.compose.fonts import FILES as FONTS
from therabook import recordings
from therabook.doctor.findings import Finding, Mark
from therabook.parts import turn_servers
from therabook.settings import BadSettings, Settings

PROC = Path("/proc")

SOCKET_BUFFER = 4 * 1024 * 1024
"""As `sfu/media_thread.py` asks for."""

ENDS_SOON = datetime.timedelta(days=14)

LITTLE_SPACE = 10 * 1024**3
NO_SPACE = 1024**3
"""Bytes. An hour of two people recorded is about 2 GB."""

UNSYNCHRONISED = 5
"""TIME_ERROR of adjtimex(2): nobody sets this clock."""

TIMEX_BYTES = 512
"""More than `struct timex` has."""


async def examine(settings: Settings, running: bool, proc: Path = PROC) -> list[Finding]:
    """`running`: a server with these settings answers here, so its ports are taken by itself."""
    return [
        ports(settings, running),
        buffers(proc),
        clock(),
        *certificate(settings),
        *space(settings),
        await database(settings),
        *turn(settings),
        fonts(),
        swap(proc),
    ]


def ports(settings: Settings, running: bool) -> Finding:
    id, name = "ports", "Ports"
    if running:
        return Finding(id, name, "good", "The service runs and answers.")
    wanted = [(settings.host, settings.port, socket.SOCK_STREAM)] if settings.port else []
    for number in range(settings.media_threads if settings.media_port else 0):
        port = settings.media_port + number
        wanted += [(settings.media_host, port, socket.SOCK_STREAM), (settings.media_host, port, socket.SOCK_DGRAM)]
    for host, port, kind in wanted:
        problem = _cannot_bind(host, port, kind)
        if problem:
            transport = "TCP" if kind == socket.SOCK_STREAM else "UDP"
            advice = "Stop what uses it (ss -lnptu), or choose another with --port or --media-port."
            return Finding(id, name, "bad", f"{transport} port {port} of {host}: {problem}.", advice)
    return Finding(id, name, "good", "All are free. The service does not run.")


def buffers(proc: Path) -> Finding:
    id, name = "socket_buffers", "Socket buffers"
    values = {}
    for setting in ("rmem_max", "wmem_max"):
        try:
            values[setting] = int((proc / "sys/net/core" / setting).read_text())
        except (OSError, ValueError):
            return Finding(id, name, "none", "Cannot be read here.")
    if min(values.values()) >= SOCKET_BUFFER:
        return Finding(id, name, "good", "Large enough for bursts of pictures.")
    small = ", ".join(f"net.core.{setting} = {value}" for setting, value in values.items() if value < SOCKET_BUFFER)
    advice = (
        f"sysctl -w net.core.rmem_max={SOCKET_BUFFER} net.core.wmem_max={SOCKET_BUFFER}, and in /etc/sysctl.d/ too."
    )
    return Finding(id, name, "warn", f"Bursts of pictures may be lost: {small}.", advice)


def clock() -> Finding:
    id, name = "clock_here", "Clock"
    library = ctypes.CDLL(None)
    state = library.adjtimex(ctypes.create_string_buffer(TIMEX_BYTES)) if hasattr(library, "adjtimex") else -1
    if state < 0:
        return Finding(id, name, "none", "Whether it is set by NTP cannot be read here.")
    if state == UNSYNCHRONISED:
        advice = "Install chrony or systemd-timesyncd: links, TURN credentials and recordings go by the clock."
        return Finding(id, name, "warn", "Nothing keeps this machine's clock right.", advice)
    return Finding(id, name, "good", "Kept right by NTP.")


def certificate(settings: Settings) -> Iterator[Finding]:
    if settings.tls != "files" or settings.tls_cert is None:
        return
    id, name = "certificate_file", "Certificate file"
    try:
        held = x509.load_pem_x509_certificate(settings.tls_cert.read_bytes())
    except (OSError, ValueError) as error:
        yield Finding(id, name, "bad", f"Cannot be used: {getattr(error, 'strerror', None) or 'no PEM certificate'}.")
        return
    left = held.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    if left < datetime.timedelta(0):
        yield Finding(id, name, "bad", "It has ended. Browsers refuse the page.", "Renew it.")
    elif left < ENDS_SOON:
        yield Finding(id, name, "warn", f"Ends in {left.days} days.", "Renew it, and see that this happens by itself.")
    else:
        yield Finding(id, name, "good", f"Good for {left.days} days.")


def space(settings: Settings) -> Iterator[Finding]:
    folders = {"data": settings.data_dir, "recordings": recordings.folder(settings)}
    seen = set()
    for what, folder in folders.items():
        place = _existing(folder)
        try:
            device, free = place.stat().st_dev, shutil.disk_usage(place).free
        except OSError as error:
            yield Finding(f"space_{what}", f"Disk for {what}", "bad", f"Cannot be read: {error.strerror}.")
            continue
        if device in seen:
            continue
        seen.add(device)
        said = f"{free / 1024**3:.0f} GB are free."
        mark: Mark = "bad" if free < NO_SPACE else "warn" if free < LITTLE_SPACE else "good"
        advice = "" if mark == "good" else "Recordings stop when it is full. Make room, or record elsewhere."
        yield Finding(f"space_{what}", f"Disk for {what}", mark, said, advice)


async def database(settings: Settings) -> Finding:
    id, name = "database", "Database"
    if settings.database_url is None and not (settings.data_dir / "clinic.db").exists():
        return Finding(id, name, "none", "Will be made at the first start.")
    try:
        async with _opened(settings):
            return Finding(id, name, "good", "Answers.")
    except ClinicError as error:
        return Finding(id, name, "bad", f"{error}."[0].upper() + f"{error}."[1:], "Nothing can be recorded without it.")


def turn(settings: Settings) -> Iterator[Finding]:
    if not settings.turn_urls:
        return
    try:
        turn_servers(settings)
    except BadSettings as error:
        yield Finding("turn_secret", "TURN secret", "bad", f"{error}.")


def fonts() -> Finding:
    id, name = "fonts", "Fonts"
    found = [file for file in FONTS if _has_font(file)]
    if found:
        return Finding(id, name, "good", f"For names in films: {len(found)}.")
    advice = "Install fonts-noto-core or fonts-dejavu-core: without one, films show Latin letters only."
    return Finding(id, name, "warn", "None that films could write names with.", advice)


def swap(proc: Path) -> Finding:
    id, name = "swap", "Swap"
    try:
        lines = (proc / "swaps").read_text().splitlines()[1:]
    except OSError:
        return Finding(id, name, "none", "Cannot be read here.")
    if not lines:
        return Finding(id, name, "good", "There is none: sound and pictures in memory stay there.")
    if all("/zram" in line.split()[0] for line in lines):
        return Finding(id, name, "good", "In memory only (zram).")
    advice = "Switch it off, encrypt it, or keep the service out of it (MemorySwapMax=0 in its unit)."
    return Finding(id, name, "warn", "Sound and pictures of recordings could be written into it.", advice)


@contextlib.asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[None]:
    store = recordings.database(settings)
    try:
        await store.answers()
        yield
    finally:
        await store.close()


def _cannot_bind(host: str, port: int, kind: socket.SocketKind) -> str:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as tried:
        if kind == socket.SOCK_STREAM:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            return error.strerror or type(error).__name__
    return ""


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next((each for each in (folder.absolute(), *folder.absolute().parents) if each.exists()), Path("/"))


def _has_font(file: str) -> bool:
    try:
        ImageFont.truetype(file, 10)
    except OSError:
        return False
    return True
