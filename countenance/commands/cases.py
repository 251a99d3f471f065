"""Commands about moderation cases."""

import typer

from countenance.commands.calling import operator_settings, run
from countenance.failures import CannotStart

app = typer.Typer(no_args_is_help=True, help="Moderation cases.")

# Each command imports what it needs when it runs: `--help` must not wait for ray and torch.


@app.callback()
def cases() -> None:
    """Moderation cases."""


@app.command("verify")
def verify() -> None:
    """Prove the logs of all cases, event by event. Where one was changed, the exit code is 1."""
    from countenance import case_logs

    report = run(case_logs.verify(operator_settings()))
    for line in report.wrong:
        typer.echo(line)
    if report.wrong:
        raise CannotStart(report.summary)
    typer.echo(report.summary)
