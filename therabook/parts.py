"""From settings to what the parts of calls and pages want: media, relays, rules, brand, certificates.

Not here: recordings (`recordings.py`), and who gets what (`server.py`).
"""

from __future__ import annotations

import socket
from pathlib import Path

import ifaddr
from pydantic import SecretStr

from sfu import MediaConfig
from signaling.brand import Brand
from signaling.pages import VideoAnswer
from signaling.rules import Rules
from signaling.static import MEDIA_TYPES, Asset
from signaling.turn import TurnServers
from therabook import tls
from therabook.settings import BadSettings, Settings

LARGEST_LOGO = 512 * 1024
SHORTEST_SECRET = 16
LOGO_TYPES = (".svg", ".png", ".webp", ".jpg")


def media_config(settings: Settings) -> MediaConfig:
    return MediaConfig(
        host=settings.media_host,
        port=settings.media_port,
        threads=settings.media_threads,
        addresses=settings.media_addresses,
        udp=settings.media_udp,
        loopback=settings.media_loopback,
    )


def turn_servers(settings: Settings) -> TurnServers:
    secret = settings.turn_secret
    if settings.turn_urls and secret is None and settings.turn_secret_file is not None:
        try:
            secret = SecretStr(settings.turn_secret_file.read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise BadSettings(f"turn_secret_file: {getattr(error, 'strerror', None) or 'not a text'}") from None
        if len(secret) < SHORTEST_SECRET:
            raise BadSettings(f"turn_secret_file: shorter than {SHORTEST_SECRET} characters")
    return TurnServers(settings.turn_urls, secret)


def rules(settings: Settings) -> Rules:
    return Rules(
        encryption=settings.encryption,
        limit=settings.session_limit,
        length=settings.session_minutes * 60.0,
        waiting=settings.waiting_minutes * 60.0,
        silence=MediaConfig.silence_limit,
    )


def video(settings: Settings) -> VideoAnswer:
    return VideoAnswer(width=settings.video_width, height=settings.video_height, frame_rate=settings.video_frame_rate)


def brand(settings: Settings) -> Brand:
    image = logo(settings.brand_logo) if settings.brand_logo else None
    return Brand(settings.brand_name, settings.brand_color, image, settings.exit_page)


def logo(path: Path) -> Asset:
    if path.suffix.lower() not in LOGO_TYPES:
        raise BadSettings(f"brand_logo: {path.name} is none of {', '.join(LOGO_TYPES)}")
    try:
        body = path.read_bytes()
    except OSError as error:
        raise BadSettings(f"brand_logo: {error.strerror}") from None
    if len(body) > LARGEST_LOGO:
        raise BadSettings(f"brand_logo: larger than {LARGEST_LOGO // 1024} kB")
    return Asset(MEDIA_TYPES[path.suffix.lower()], body, None)


def tls_files(settings: Settings) -> tuple[Path, Path]:
    if settings.tls == "files" and settings.tls_cert is not None and settings.tls_key is not None:
        return settings.tls_cert, settings.tls_key
    addresses = {ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if isinstance(ip.ip, str)}
    return tls.self_signed(settings.data_dir, {"localhost", socket.gethostname(), *addresses})
