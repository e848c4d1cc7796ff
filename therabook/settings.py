"""Settings: one definition from which the flags, the environment variables and the TOML file are all made.

A setting `media_port` is `--media-port`, `THERABOOK_MEDIA_PORT`, and `media_port = ...` in the file that `--config`
(or `THERABOOK_CONFIG`) names. A flag counts more than a variable, a variable more than the file.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from signaling.turn import URL as TURN_URL
from therabook.practice_settings import PracticeSettings
from therabook.setting_kinds import NO_FLAG, Words

PREFIX = "THERABOOK_"
_KUBERNETES = re.compile(r"_(SERVICE|PORT)_")
"""Kubernetes gives every container variables like THERABOOK_SERVICE_HOST for a service named therabook."""


class Settings(PracticeSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True)

    host: str = Field("127.0.0.1", description="Address to serve pages on. 0.0.0.0: all of this machine's.")
    port: int = Field(8080, ge=0, le=65535, description="Port to serve pages on; 0 takes any free one.")
    tls: Literal["off", "self-signed", "files"] = Field(
        "off",
        description="Browsers give cameras to https pages only, and to localhost. self-signed: for trying it with "
        "other devices, which will warn. files: with --tls-cert and --tls-key. off: on localhost, or behind a proxy "
        "that does it.",
    )
    tls_cert: Path | None = Field(None, description="Certificate chain, PEM. Read again when it changes.")
    tls_key: Path | None = Field(None, description="Its private key, PEM.")
    public_url: str | None = Field(
        None, description="How people reach this server, as https://video.example.org. Used in printed links."
    )
    data_dir: Path = Field(Path("data"), description="Folder for keys and for what must survive a restart.")
    demo: bool = Field(
        False,
        description="Anyone at this machine may join as anyone, and three links are printed. Refuses to serve others.",
    )

    media_host: str = Field("0.0.0.0", description="Address for sound and pictures; :: is IPv6 and IPv4.")
    media_port: int = Field(10000, ge=0, le=65535, description="Port for sound and pictures, UDP and TCP; 0: any free.")
    media_threads: int = Field(
        1,
        ge=1,
        le=64,
        description="More than one uses more cores. Each has a port of its own: `media_port`, the next one, and so on.",
    )
    media_addresses: Words = Field(
        (),
        description="Addresses that clients are told, comma-separated. Default: this machine's. Behind NAT: the "
        "public one.",
    )
    media_udp: bool = Field(True, description="--no-media-udp sends everything over TCP.")
    media_loopback: bool = Field(False, description="Tell clients of loopback addresses too.")
    turn_urls: Words = Field(
        (),
        description="TURN servers for networks that let nothing else through, comma-separated: "
        "turn:turn.example.org:3478, turn:turn.example.org:3478?transport=tcp, turns:turn.example.org:443. "
        "Default: none.",
    )
    turn_secret: SecretStr | None = Field(
        None,
        min_length=16,
        json_schema_extra=NO_FLAG,
        description="The secret that the TURN servers have too (coturn's static-auth-secret).",
    )
    turn_secret_file: Path | None = Field(None, description="File that holds it, instead of turn_secret.")

    session_limit: int = Field(2, ge=2, le=12, description="People in a session, unless its tokens say otherwise.")
    session_minutes: int = Field(
        90, ge=1, le=1440, description="After this a session ends, unless its tokens say otherwise."
    )
    encryption: Literal["required", "preferred"] = Field(
        "required",
        description="End-to-end encryption of sound, pictures, chat and names. required: nobody comes in whose browser "
        "cannot. preferred: they do, nothing is encrypted end to end while they are there, and all are told. Tokens "
        "can make it stricter.",
    )
    waiting_minutes: int = Field(120, ge=1, le=1440, description="How long one person may wait to be let in.")
    token_minutes: int = Field(
        24 * 60, ge=1, le=90 * 24 * 60, description="How long a token can be used to join, unless asked otherwise."
    )
    api_key: SecretStr | None = Field(
        None,
        min_length=32,
        json_schema_extra=NO_FLAG,
        description="Key for POST /api/token. Default: the one in DATA_DIR/api-key, made at the first start.",
    )

    recordings: bool = Field(
        True, description="Therapists may record, once everyone present has agreed. Nothing is recorded by itself."
    )
    recordings_compose: bool = Field(
        True,
        description="A film is made of each recording when it ends: one MP4 of everybody, in the background. Otherwise "
        "when somebody asks for it.",
    )
    recordings_dir: Path | None = Field(None, description="Folder for recordings. Default: DATA_DIR/recordings.")
    recordings_bucket: str | None = Field(
        None,
        description="A bucket of an S3-compatible store, s3://BUCKET/PREFIX, where recordings go too, encrypted: while "
        "they run, so that they outlive this machine. Default: they stay in their folder.",
    )
    recordings_bucket_endpoint: str | None = Field(
        None, description="Address of a store other than Amazon's, as https://s3.example.org."
    )
    recordings_bucket_region: str = Field("us-east-1", description="The bucket's region, as the store calls it.")
    recordings_bucket_key_id: SecretStr | None = Field(
        None,
        json_schema_extra=NO_FLAG,
        description="Id of the bucket's access key. Default: as Amazon's tools find one (AWS_ACCESS_KEY_ID, a role).",
    )
    recordings_bucket_secret: SecretStr | None = Field(
        None, json_schema_extra=NO_FLAG, description="The access key's secret."
    )
    recordings_bucket_keep_local: bool = Field(
        False, description="Recordings stay in their folder when the bucket has them."
    )
    recordings_keep_days: int | None = Field(
        None, ge=1, le=36_500, description="Days until a recording is deleted, unless it is on hold. Default: never."
    )
    quality_keep_days: int | None = Field(
        90,
        ge=1,
        le=36_500,
        description="Days for which it is kept how each connection in each session was, without names.",
    )
    recordings_key: Literal["file", "credential", "sealed", "vault", "webhook"] = Field(
        "file",
        description="Where the clinic's key is, which opens all recordings. file: recordings_key_file. credential: "
        "handed over by systemd as recordings-key. sealed: the server has the public half only (recordings_public_key) "
        "and can't open what it recorded. vault: Vault Transit. webhook: a key service of your own.",
    )
    recordings_key_file: Path | None = Field(
        None, description="An age identity, made at the first start. Default: DATA_DIR/recordings-key. Keep a copy."
    )
    recordings_public_key: str | None = Field(None, description="The clinic's age recipient, age1..., for sealed.")
    recordings_key_url: str | None = Field(None, description="Address of Vault or of the key service.")
    recordings_key_name: str = Field("therabook", description="The key's name there.")
    recordings_key_secret: SecretStr | None = Field(
        None, json_schema_extra=NO_FLAG, description="Vault's token, or the secret that signs requests to the webhook."
    )
    database_url: SecretStr | None = Field(
        None,
        json_schema_extra=NO_FLAG,
        description="What must be remembered: postgresql://USER:PASSWORD@HOST/NAME, or sqlite:///FILE. "
        "Default: DATA_DIR/clinic.db.",
    )
    consent_rule: Literal["notice", "all", "written"] = Field(
        "all",
        description="What a recording needs wherever people are. notice: everyone is told, where somebody's browser "
        "does not encrypt; otherwise as all. all: everyone present agrees. written: and signs with their name.",
    )
    consent_places: Path | None = Field(
        None,
        description='TOML file of places where more is needed, a line each: "California" = "all". Rules: notice, all, '
        "written, never. People are then asked where they are, and the strictest rule holds.",
    )
    consent_text: Path | None = Field(
        None, description="Text file with the question that people are asked: its first line is the title."
    )

    brand_name: str = Field("TheraBook Video", min_length=1, max_length=60, description="Name on every page.")
    brand_logo: Path | None = Field(None, description="Logo: an SVG, PNG, WebP or JPEG file of at most 512 kB.")
    brand_color: str = Field("#2f6f68", pattern=r"^#[0-9a-fA-F]{6}$", description="Colour of buttons and accents.")
    exit_page: str = Field(
        "https://www.wikipedia.org/",
        pattern=r"^https?://[^\s\"'<>]+$",
        description="Where a patient's quick exit leads: an everyday page that says nothing of the clinic.",
    )
    video_width: int = Field(1280, ge=160, le=1920, description="Pictures that cameras are asked for.")
    video_height: int = Field(720, ge=90, le=1080, description="Their height.")
    video_frame_rate: int = Field(30, ge=5, le=60, description="Their number a second.")

    joins_per_minute: int = Field(120, ge=1, le=100_000, description="Joins and resumes from one address.")
    tokens_per_minute: int = Field(120, ge=1, le=100_000, description="Requests for tokens with one key.")
    messages_per_second: int = Field(
        20, ge=1, le=1000, description="Messages on one connection; four times that at once."
    )
    trusted_proxies: Words = Field(
        (), description="Networks, as 10.0.0.0/8, whose X-Forwarded-For is believed. Comma-separated."
    )
    origins: Words = Field(
        (), description="Other pages' origins that may open the socket, as https://app.example.org. Comma-separated."
    )

    log_format: Literal["auto", "text", "json"] = Field("auto", description="auto: text at a terminal, else JSON.")
    debug: bool = Field(False, description="Log in detail, still without names and addresses.")
    reload: bool = Field(False, description="Read the web client's files again for each page, to work on them.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # `load` brings flags, variables and file together; read by pydantic, empty variables would be errors.
        return (init_settings,)

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network)
        return value

    @field_validator("turn_urls")
    @classmethod
    def _are_turn_urls(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            if not TURN_URL.fullmatch(url):
                raise ValueError("write turn:HOST:PORT, turn:HOST:PORT?transport=tcp or turns:HOST:PORT")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// or http://")
        return value.rstrip("/") if value is not None else None

    @model_validator(mode="after")
    def _fit_together(self) -> Settings:
        if self.tls == "files" and (self.tls_cert is None or self.tls_key is None):
            raise ValueError("tls = files needs tls_cert and tls_key")
        if self.audit_witness_url is not None and self.audit_witness_key is None:
            raise ValueError("audit_witness_url needs audit_witness_key: without it anybody could answer")
        if self.turn_urls and self.turn_secret is None and self.turn_secret_file is None:
            raise ValueError("turn_urls needs turn_secret or turn_secret_file")
        if self.demo and not is_loopback(self.host):
            raise ValueError(
                "demo lets anyone join as anyone, so it serves this machine only: leave host at 127.0.0.1, or turn "
                "demo off and make links with `therabook token`"
            )
        return self


@dataclass(frozen=True)
class Documented:
    """A setting, for documents and for the test that compares them with this."""

    name: str
    flag: str | None
    variable: str
    default: str
    description: str


def _in_order() -> list[tuple[str, FieldInfo]]:
    """Those of calls and recordings before those of the practice, which pydantic would put first."""
    fields = Settings.model_fields
    own = [name for name in fields if name not in PracticeSettings.model_fields]
    return [(name, fields[name]) for name in [*own, *PracticeSettings.model_fields]]


def documented() -> list[Documented]:
    """All settings, in order."""
    return [
        Documented(
            name=name,
            flag=None if not has_flag(field) else flag_of(name, field),
            variable=PREFIX + name.upper(),
            default=_text(field.default),
            description=field.description or "",
        )
        for name, field in _in_order()
    ]


def load(flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ, config: Path | None = None) -> Settings:
    """Flags (those that were given) over variables over the file. Raises BadSettings."""
    if config is None and environment.get(f"{PREFIX}CONFIG"):
        config = Path(environment[f"{PREFIX}CONFIG"])
    values: dict[str, Any] = _read(config) if config is not None else {}
    for name, value in environment.items():
        # An empty variable is one that is not set: compose files and systemd units can hardly say it otherwise.
        if name.startswith(PREFIX) and value and name != f"{PREFIX}CONFIG":
            setting = name.removeprefix(PREFIX).lower()
            if _KUBERNETES.search(name):
                continue
            if setting not in Settings.model_fields:
                raise BadSettings(f"{name}: there is no such setting")
            values[setting] = value
    values |= flags
    try:
        return Settings(**values)
    except ValidationError as error:
        raise BadSettings(_sentences(error)) from None


class BadSettings(ValueError):
    """`str()` says which settings cannot be used and why, never what was given for a secret."""


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def has_flag(field: FieldInfo) -> bool:
    return field.json_schema_extra != NO_FLAG


def flag_of(name: str, field: FieldInfo) -> str:
    dashed = name.replace("_", "-")
    return f"--{dashed}/--no-{dashed}" if field.annotation is bool else f"--{dashed}"


def choices_of(field: FieldInfo) -> tuple[str, ...] | None:
    return get_args(field.annotation) if get_origin(field.annotation) is Literal else None


def _text(default: Any) -> str:
    if default is None or default == ():
        return ""
    return {True: "yes", False: "no"}[default] if isinstance(default, bool) else str(default)


def _read(config: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(config.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"{config}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{config}: not TOML: {error}") from None
    unknown = sorted(set(values) - set(Settings.model_fields))
    if unknown:
        raise BadSettings(f"{config}: there is no setting {', '.join(unknown)}")
    return values


def _sentences(error: ValidationError) -> str:
    lines = []
    for each in error.errors(include_url=False, include_input=False, include_context=False):
        where = ".".join(str(part) for part in each["loc"])
        said = each["msg"].removeprefix("Value error, ")
        lines.append(f"{where}: {said}" if where else said)
    return "\n".join(lines)
