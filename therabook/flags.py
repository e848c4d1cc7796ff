"""Flags of commands, made from the settings.

Not here: which commands there are (`cli.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from therabook.settings import PREFIX, BadSettings, Settings, choices_of, documented, flag_of, has_flag, load

Command = Callable[..., None]


def _metavar(annotation: Any) -> str:
    if annotation is int:
        return "N"
    return "PATH" if "Path" in str(annotation) else "TEXT"


def flags_for(names: Iterable[str]) -> Callable[[Command], Command]:
    """Adds the flags of these settings, and --config. The command gets those that were given, and `config`."""

    def add(command: Command) -> Command:
        for setting in reversed([each for each in documented() if each.name in names]):
            field = Settings.model_fields[setting.name]
            if not has_flag(field):
                continue
            known = f"{setting.variable}; default {setting.default}" if setting.default else setting.variable
            choices = choices_of(field)
            command = click.option(
                flag_of(setting.name, field),
                setting.name,
                default=None,
                type=click.Choice(choices) if choices else None if field.annotation is bool else str,
                metavar=None if choices or field.annotation is bool else _metavar(field.annotation),
                help=f"{setting.description}  [{known}]",
            )(command)
        config = click.option(
            "--config", type=click.Path(path_type=Path), metavar="FILE", help=f"Settings as TOML.  [{PREFIX}CONFIG]"
        )
        return config(command)

    return add


def settings_from(config: Path | None, flags: dict[str, Any]) -> Settings:
    """From a command's flags. Raises click.ClickException."""
    try:
        return load({name: value for name, value in flags.items() if value is not None}, config=config)
    except BadSettings as error:
        raise click.ClickException(str(error)) from None
