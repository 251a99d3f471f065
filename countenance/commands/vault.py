"""Commands about the keys of the vault."""

from typing import Any

import typer

from countenance.commands.calling import operator_settings, run
from countenance.failures import CannotStart

app = typer.Typer(no_args_is_help=True, help="The keys of the vault that the files of entries lie in.")

# Each command imports what it needs when it runs: `--help` must not wait for ray and torch.


@app.command("rotate")
def rotate() -> None:
    """Wrap every key by the first of VAULT_KEYS; the older ones can be taken out of the settings afterwards.

    Name the new master key first, before the old one, for every process, and start them anew before this. Cut off, it
    is simply begun again. The exit code is 1 when a key could not be opened; all others are done.
    """
    from countenance.vault import rotation

    _report(run(rotation.rotate(operator_settings())))


@app.command("check")
def check() -> None:
    """Say how many keys each master key wraps; the exit code is 1 when there is one that none of VAULT_KEYS opens."""
    from countenance.vault import rotation

    _report(run(rotation.check(operator_settings())))


def _report(report: Any) -> None:
    """Print what came of the vault's keys; keys that don't open are a failure, named one by one."""
    for line in report.unopened:
        typer.echo(line, err=True)
    typer.echo(report.summary)
    if report.unopened:
        keys = "key" if len(report.unopened) == 1 else "keys"
        raise CannotStart(f"{len(report.unopened)} {keys} can't be opened: put the master keys they name back.")
