"""Commands about e-mails: taking one in as a likeness claim, and looking at those that wait for a moderator."""

import sys
from typing import Annotated

import typer

from countenance.commands.calling import operator_settings, run

app = typer.Typer(invoke_without_command=True, help="Take in an e-mail as a likeness claim: `< message.eml`.")

# Each command imports what it needs when it runs: `--help` must not wait for ray and torch.


@app.callback()
def intake(context: typer.Context) -> None:
    """Take in an e-mail from standard input as a likeness claim: `countenance intake < message.eml`."""
    if context.invoked_subcommand is not None:
        return
    from countenance import operator
    from countenance.mail_reading import MAX_MESSAGE

    raw = sys.stdin.buffer.read(MAX_MESSAGE + 1) if sys.stdin is not None else b""
    if not raw.strip():
        typer.echo("countenance: There is no message on standard input: `countenance intake < message.eml`.", err=True)
        raise typer.Exit(2)
    typer.echo(run(operator.intake(operator_settings(), raw)))


@app.command("list")
def listed(
    first: Annotated[int, typer.Option(min=1, max=100, help="How many, the newest first.")] = 100,
) -> None:
    """List the e-mails that wait for a moderator; one JSON object a line."""
    from countenance import kept_mail

    for line in run(kept_mail.listed(operator_settings(), first=first)):
        typer.echo(line)


@app.command("show")
def shown(message_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")]) -> None:
    """Show one e-mail that is kept, with the message itself; one JSON object."""
    from countenance import kept_mail

    typer.echo(run(kept_mail.shown(operator_settings(), message_id)))
