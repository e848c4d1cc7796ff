"""`therabook accounts`: for an administrator who cannot get in any more, at the machine where the database is.

Whoever can run this can read the keys anyway. Everything is in the audit log, as done by the operator.
Not here: the same over HTTP (`signaling/accounts/managing.py`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from clinic import ClinicError
from clinic.accounts import Account
from signaling import keys
from signaling.accounts.inviting import PAGE
from signaling.accounts.lookups import digest
from signaling.accounts.parts import Parts, roles_of
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.refusals import Refused
from therabook import audit_served, recordings
from therabook.accounts_served import parts
from therabook.flags import flags_for, settings_from
from therabook.links import base_url
from therabook.settings import Settings

FOR_ACCOUNTS = ("data_dir", "public_url", "host", "port", "tls")
"""The settings that decide where accounts are, and what a link looks like; `database_url` has no flag."""

T = TypeVar("T")


@click.group()
def accounts() -> None:
    """Help staff who cannot sign in, at the machine where the server is."""


@accounts.command("setup-token")
@flags_for(FOR_ACCOUNTS)
def setup_token(config: Path | None, **flags: Any) -> None:
    """Print the link with which the first administrator is made, while there is none."""
    settings = settings_from(config, flags)
    if _run(settings, lambda parts: parts.stores.accounts.is_set_up()):
        raise click.ClickException("There is an administrator already.")
    with _faults():
        click.echo(setup_link(settings, keys.setup_token(settings.data_dir).get_secret_value()))


@accounts.command("list")
@flags_for(FOR_ACCOUNTS)
def list_accounts(config: Path | None, **flags: Any) -> None:
    """Id, state, roles and sign-in name of each account."""

    async def show(parts: Parts) -> None:
        for account in await parts.stores.accounts.all():
            factor = account.totp_sealed is not None or bool(await parts.stores.factors.passkeys(account.id))
            state = "active" if account.active else "disabled"
            second = "second factor" if factor else "no second factor"
            click.echo(f"{account.id}  {state:8}  {second:16}  {','.join(roles_of(account))}  {parts.login(account)}")

    _run(settings_from(config, flags), show)


@accounts.command()
@click.argument("login")
@flags_for(FOR_ACCOUNTS)
def unlock(config: Path | None, login: str, **flags: Any) -> None:
    """Let somebody try again at once who is locked out after too many wrong passwords or codes."""

    async def do(parts: Parts) -> None:
        account = await _known(parts, login)
        await parts.audit.record("account.lock", "operator", "command line", subject=account.id, state="unlocked")
        await parts.stores.attempts.clear([account.login_hmac, parts.lookups.factor(account.id)])

    _run(settings_from(config, flags), do)
    click.echo("Unlocked.")


@accounts.command("reset-second-factor")
@click.argument("login")
@flags_for(FOR_ACCOUNTS)
def reset_second_factor(config: Path | None, login: str, **flags: Any) -> None:
    """Take away somebody's passkeys, authenticator app and recovery codes: they set up new ones at their next
    sign-in."""
    click.confirm("Whoever knows the password can then set up a second factor. Do it?", abort=True, err=True)

    async def do(parts: Parts) -> None:
        account = await _known(parts, login)
        await _told(parts, account, "second_factor_reset")
        await parts.stores.factors.reset(account.id)
        await parts.stores.sessions.end_all(account.id)

    _run(settings_from(config, flags), do)
    click.echo("Reset.")


@accounts.command()
@click.argument("login")
@flags_for(FOR_ACCOUNTS)
def invite(config: Path | None, login: str, **flags: Any) -> None:
    """Print a link with which somebody chooses a new password. Keep it like a key until it is used."""
    settings = settings_from(config, flags)

    async def do(parts: Parts) -> str:
        account = await _known(parts, login)
        await _told(parts, account, "invited")
        token = parts.new_secret()
        await parts.stores.accounts.invite(account.id, digest(token), time.time() + parts.rules.invitation)
        return token

    click.echo(f"{base_url(settings)}{PAGE}#invitation={_run(settings, do)}")


def setup_link(settings: Settings, token: str, port: int | None = None) -> str:
    return f"{base_url(settings, port)}{PAGE}#setup={token}"


def _run(settings: Settings, work: Callable[[Parts], Awaitable[T]]) -> T:
    async def run() -> T:
        keys.make_folder(settings.data_dir)
        store, log, clock = recordings.database(settings), audit_served.audit_log(settings), Clock()
        try:
            await store.upgrade()
            await log.open()
            made = parts(settings, store, Audit(log.append, clock), clock, ())
            try:
                return await work(made)
            finally:
                made.passwords.close()
        finally:
            await log.close()
            await store.close()

    with _faults():
        return asyncio.run(run())


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except (ClinicError, keys.BadKey) as error:
        raise click.ClickException(str(error)) from None
    except Refused as refused:
        raise click.ClickException(refused.error) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None


async def _known(parts: Parts, login: str) -> Account:
    account = await parts.stores.accounts.by_login(parts.lookups.login(login))
    if account is None:
        raise click.ClickException(f"There is nobody who signs in as {login}.")
    return account


async def _told(parts: Parts, account: Account, what: str) -> None:
    await parts.audit.record("account.change", "operator", "command line", subject=account.id, what=what)
