"""Commands about the books of bounties."""

from typing import Annotated

import typer

from countenance.commands.calling import operator_settings, run
from countenance.failures import CannotStart

app = typer.Typer(no_args_is_help=True, help="The books of bounties.")

# Each command imports what it needs when it runs: `--help` must not wait for ray and torch.


@app.command("reconcile")
def reconcile() -> None:
    """Prove the books of all bounties now. Payouts of those that disagree stop, and the exit code is 1."""
    from countenance import bookkeeping

    report = run(bookkeeping.reconcile(operator_settings()))
    for line in report.wrong:
        typer.echo(line)
    if report.wrong:
        raise CannotStart(report.summary)
    typer.echo(report.summary)


@app.command("resume")
def resume(bounty: Annotated[str, typer.Argument(help="The bounty's id, as the API gives it.")]) -> None:
    """Let the payouts of a bounty go on; only once its books agree again."""
    from countenance import bookkeeping

    run(bookkeeping.resume(operator_settings(), bounty))
    typer.echo("Its payouts go on.")
