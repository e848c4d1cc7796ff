"""The command line: `therabook serve`, `token`, `doctor`, `quality`, `web-digest`, and groups of commands for the rest.

Flags are made from the settings.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, Literal, get_args

import click
import uvloop

from clinic import ClinicError, JobKind
from sfu import ConfigError
from signaling import keys
from signaling.ids import new_id, new_session_id
from signaling.recordings_access import LIFETIME, LONGEST_LIFETIME
from signaling.roles import Keeper, Role
from signaling.tokens import JoinClaims, RecordingsClaims, Tokens
from therabook import (
    VERSION,
    accounts_cli,
    audit_cli,
    backup_cli,
    logs,
    opening,
    quality_cli,
    recordings_cli,
    records_cli,
    server,
    told_operator,
    usage_cli,
)
from therabook import web_digest as digests
from therabook.doctor.command import FOR_DOCTOR
from therabook.doctor.command import run as run_doctor
from therabook.flags import flags_for, settings_from
from therabook.links import base_url, make_link
from therabook.settings import BadSettings, Settings, documented

FOR_LINKS = ("data_dir", "public_url", "host", "port", "tls", "token_minutes")
"""The settings that decide what a link looks like."""

DEMO_MINUTES = 12 * 60

WRONG_IDS = "a session is 1 to 100 letters, digits, dots, colons, dashes and underscores; a user 1 to 200 characters"


def _without_flag() -> str:
    """For --help: settings that are given as variables or in the file only."""
    lines = ["\b", "Secrets, as variables or in the --config file only:"]
    lines += [f"  {each.variable}  {each.description}" for each in documented() if each.flag is None]
    return "\n".join(lines)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(VERSION, prog_name="therabook")
def main() -> None:
    """Video calls for therapy clinics, on your own machine."""


@main.command(epilog=_without_flag())
@flags_for(Settings.model_fields)
def serve(config: Path | None, **flags: Any) -> None:
    """Serve pages and calls until stopped (SIGTERM, Ctrl-C).

    Every flag is also a variable (named in brackets) and a line in the TOML file of --config. A flag counts more than
    a variable, a variable more than the file.
    """
    settings = settings_from(config, flags)
    logs.set_up(debug=settings.debug, form=settings.log_format)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(server.serve(settings, lambda running: _announce(settings, running)))
    except (BadSettings, ConfigError, ClinicError, keys.BadKey) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'cannot start'}: {error.strerror or error}") from None


@main.command()
@click.option(
    "--role", type=click.Choice(get_args(Role)), required=True, help="What the person may do is decided by this."
)
@click.option("--session", metavar="ID", help="The session. Left out, a new one is named, and printed too.")
@click.option("--user", metavar="ID", help="Who it is, in your own words; not shown to others. Default: somebody new.")
@click.option("--limit", type=click.IntRange(2, 12), help="People in this session at most.")
@click.option("--minutes", type=click.IntRange(1, 24 * 60), help="After this the session ends.")
@click.option("--encryption", type=click.Choice(["required"]), help="Nobody whose browser cannot encrypt is let in.")
@flags_for(FOR_LINKS)
def token(
    config: Path | None,
    role: Role,
    session: str | None,
    user: str | None,
    limit: int | None,
    minutes: int | None,
    encryption: Literal["required"] | None,
    **flags: Any,
) -> None:
    """Print a link that lets one person into one session.

    Everyone needs a link of their own. It holds no name; keep it like a key until it is used.
    """
    settings = settings_from(config, flags)
    if session is None:
        session = new_session_id()
        click.echo(f"Session: {session}", err=True)
    now = time.time()
    try:
        claims = JoinClaims(
            jti=new_id(),
            exp=int(now + 60 * settings.token_minutes),
            room=session,
            sub=user or new_id(),
            role=role,
            limit=limit,
            minutes=minutes,
            encryption=encryption,
        )
        link = make_link(base_url(settings), Tokens(keys.signing_key(settings.data_dir)), claims, now)
        told_operator.tell(
            settings,
            "token.issue",
            session=session,
            patient=claims.sub if role == "patient" else None,
            subject=claims.jti,
            what="session",
            role=role,
            whose=claims.sub,
        )
        click.echo(link)
    except (keys.BadKey, OSError) as error:
        raise click.ClickException(str(error)) from None
    except ValueError:
        raise click.ClickException(WRONG_IDS) from None


@main.command()
@click.argument("address", required=False)
@click.option("--json", "form", flag_value="json", help="For programs.")
@click.option("--text", "form", flag_value="text", default=True, hidden=True)
@click.option("--insecure", is_flag=True, help="Take any certificate, as one that the server has made itself.")
@flags_for(FOR_DOCTOR)
def doctor(config: Path | None, address: str | None, form: str, insecure: bool, **flags: Any) -> None:
    """Say what works from this machine, and what to do about the rest. Exits with 1 if something does not.

    Without ADDRESS: this machine, and the server on it. With ADDRESS: that server as seen from here: pages, WebSocket,
    UDP, TCP and TURN. ADDRESS is a link into a session, in quotes, or the server's address, with its API key in
    THERABOOK_API_KEY.
    """
    raise SystemExit(run_doctor(settings_from(config, flags), address, form=form, insecure=insecure))


@main.command()
@click.argument("session")
@click.option("--json", "form", flag_value="json", help="For programs.")
@click.option("--text", "form", flag_value="text", default=True, hidden=True)
@flags_for(quality_cli.FOR_QUALITY)
def quality(config: Path | None, session: str, form: str, **flags: Any) -> None:
    """Say how people's connections were in a session: as of the last minute, if it goes on."""
    quality_cli.show(settings_from(config, flags), session, form=form)


@main.command("web-digest")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False)
@click.option("--files", is_flag=True, help="The digest of each file too, as sha256sum prints it.")
@click.option(
    "--served", metavar="ADDRESS", help="Compare with what this server hands out. Exits with 1 if it differs."
)
def web_digest(folder: Path | None, files: bool, served: str | None) -> None:
    """Print the digest of the web client's code in FOLDER (web/ of a checkout; left out: the one installed here).

    The server says its own at /web-digest. See docs/e2ee.md for what that is good for.
    """
    raise SystemExit(digests.show(folder or server.WEB, files=files, served=served))


main.add_command(accounts_cli.accounts)
main.add_command(audit_cli.audit)
main.add_command(usage_cli.usage)
main.add_command(records_cli.records)
main.add_command(backup_cli.backup)
main.add_command(backup_cli.restore)


@main.group()
def recordings() -> None:
    """Look after recordings, at the machine where they are."""


_IDENTITY = click.option(
    "--identity",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The clinic's secret key, where this server has only the public half.",
)
_RECORDING = click.argument("recording")
_FILE = click.Path(path_type=Path)


@recordings.command("list")
@click.option("--session", default="", metavar="TEXT", help="Only of sessions whose id has this in it.")
@flags_for(recordings_cli.FOR_RECORDINGS)
def list_recordings(config: Path | None, session: str, **flags: Any) -> None:
    """Id, beginning, length, state and session of each recording, newest first."""
    recordings_cli.show_list(settings_from(config, flags), session)


@recordings.command()
@_RECORDING
@_IDENTITY
@flags_for(recordings_cli.FOR_RECORDINGS)
def verify(config: Path | None, recording: str, identity: Path | None, **flags: Any) -> None:
    """Read every byte of a recording: a restore test. Exits with 1 if something can't be read."""
    recordings_cli.verify(settings_from(config, flags), recording, identity)


@recordings.command()
@_RECORDING
@click.option("--to", type=click.Path(path_type=Path), required=True, metavar="FOLDER", help="Where to write it.")
@click.option("--recipient", metavar="age1...", help="Encrypt for the holder of this age key.")
@click.option("--clear", is_flag=True, help="Write files that anybody can play.")
@_IDENTITY
@flags_for(recordings_cli.FOR_RECORDINGS)
def export(
    config: Path | None,
    recording: str,
    to: Path,
    recipient: str | None,
    clear: bool,
    identity: Path | None,
    **flags: Any,
) -> None:
    """Write a recording's tracks as files: age files for somebody, or with --clear for anybody."""
    if (recipient is None) != clear:
        raise click.UsageError("say either --recipient or --clear")
    if clear:
        click.confirm("These files will not be encrypted. Write them?", abort=True, err=True)
    recordings_cli.export(settings_from(config, flags), recording, to, recipient, identity)


@recordings.command()
@_RECORDING
@click.option("--audio", is_flag=True, help="Only what was said, as one file of sound.")
@click.option("--names/--no-names", default=False, help="Show people's names. Default: their roles, in chapters only.")
@click.option("--time/--no-time", "shown_time", default=False, help="Show the day and the time of day.")
@_IDENTITY
@flags_for(recordings_cli.FOR_RECORDINGS)
def compose(
    config: Path | None,
    recording: str,
    audio: bool,
    names: bool,
    shown_time: bool,
    identity: Path | None,
    **flags: Any,
) -> None:
    """Make one film of a recording, or with --audio one sound, and keep it encrypted with the recording."""
    kind: JobKind = "audio" if audio else "compose"
    recordings_cli.compose(settings_from(config, flags), recording, identity, kind, names=names, shown_time=shown_time)


@recordings.command()
@_IDENTITY
@flags_for(recordings_cli.FOR_RECORDINGS)
def recover(config: Path | None, identity: Path | None, **flags: Any) -> None:
    """Finish what a crash has left, as every start of the service does. Stop the service first."""
    recordings_cli.recover_all(settings_from(config, flags), identity)


@recordings.command()
@_RECORDING
@click.option("--person", metavar="ID", help="Only this person's tracks and name.")
@click.option("--reason", required=True, help="Kept with the proof. No names.")
@flags_for(recordings_cli.FOR_RECORDINGS)
def shred(config: Path | None, recording: str, person: str | None, reason: str, **flags: Any) -> None:
    """Delete the keys of a recording: nobody can open it any more."""
    click.confirm("Nobody will be able to open it again. Delete the keys?", abort=True, err=True)
    recordings_cli.shred(settings_from(config, flags), recording, person, reason)


@recordings.command()
@_RECORDING
@click.option("--because", required=True, metavar="TEXT", help="A case number or the like. No names.")
@flags_for(recordings_cli.FOR_RECORDINGS)
def hold(config: Path | None, recording: str, because: str, **flags: Any) -> None:
    """Nothing of a recording may be deleted from now on, also when its time is over."""
    recordings_cli.hold(settings_from(config, flags), recording, because)


@recordings.command()
@_RECORDING
@flags_for(recordings_cli.FOR_RECORDINGS)
def release(config: Path | None, recording: str, **flags: Any) -> None:
    """End the hold on a recording."""
    recordings_cli.release(settings_from(config, flags), recording)


@recordings.command()
@click.option("--role", type=click.Choice(get_args(Keeper)), required=True, help="What they may do.")
@click.option("--user", metavar="ID", required=True, help="Who it is, in your own words: kept with what they watch.")
@click.option("--session", metavar="ID", help="Recordings of this session only. Default: of all.")
@click.option("--hours", type=click.IntRange(1, LONGEST_LIFETIME // 3600), default=LIFETIME // 3600, show_default=True)
@flags_for(FOR_LINKS)
def link(config: Path | None, role: Keeper, user: str, session: str | None, hours: int, **flags: Any) -> None:
    """Print a link to the page of recordings, for one person. Keep it like a key until it expires."""
    settings = settings_from(config, flags)
    now = time.time()
    try:
        claims = RecordingsClaims(jti=new_id(), exp=int(now + 3600 * hours), sub=user, role=role, room=session)
        told_operator.tell(
            settings,
            "token.issue",
            session=session,
            subject=claims.jti,
            what="recordings",
            role=role,
            whose=user,
        )
        click.echo(make_link(base_url(settings), Tokens(keys.signing_key(settings.data_dir)), claims, now))
    except (keys.BadKey, OSError) as error:
        raise click.ClickException(str(error)) from None
    except ValueError:
        raise click.ClickException(WRONG_IDS) from None


@recordings.command("open")
@click.argument("file", type=_FILE)
@click.option("--key", type=_FILE, required=True, metavar="FILE", help="The key that was downloaded with it.")
@click.option("--identity", type=_FILE, required=True, metavar="FILE", help="The clinic's secret key.")
@click.option("--to", type=_FILE, required=True, metavar="FILE", help="Where to write it, in clear.")
def open_file(file: Path, key: Path, identity: Path, to: Path) -> None:
    """Open what was downloaded from a server that has the public half of the clinic's key only."""
    opening.open_download(file, key, identity, to)


def _announce(settings: Settings, running: server.Running) -> None:
    base = base_url(settings, running.port)
    if running.setup_token is not None:
        link = accounts_cli.setup_link(settings, running.setup_token.get_secret_value(), running.port)
        click.echo(f"Nobody of the clinic can sign in yet. Whoever opens this becomes its administrator:\n\n  {link}\n")
    if not settings.demo:
        click.echo(f"TheraBook Video serves at {base}")
        click.echo(f"Make links with `therabook token`, or with POST /api/token (key in {settings.data_dir}/api-key);")
        click.echo("links to recordings with `therabook recordings link`, or with POST /api/recordings/token.")
        return
    session = new_session_id()
    line = "=" * 100
    click.echo(
        f"\n{line}\n  DEMONSTRATION. Anyone at this machine can join as anyone. Do not hold real sessions here.\n{line}"
    )
    roles: tuple[Role, ...] = ("therapist", "patient")
    for role in roles:
        now = running.clock.wall()
        claims = JoinClaims(jti=new_id(), exp=int(now + 60 * DEMO_MINUTES), room=session, sub=new_id(), role=role)
        click.echo(f"\n  The {role}'s link:\n\n{make_link(base, running.tokens, claims, now)}")
    now = running.clock.wall()
    keeper = RecordingsClaims(jti=new_id(), exp=int(now + 60 * DEMO_MINUTES), sub="demo", role="administrator")
    click.echo(f"\n  The recordings, as an administrator sees them:\n\n{make_link(base, running.tokens, keeper, now)}")
    click.echo(f"\n  Or join by hand: {base}/video-call/demo\n{line}\n")
