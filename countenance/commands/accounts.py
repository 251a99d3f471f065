"""Commands about accounts."""

from typing import Annotated

import typer

from countenance.commands.calling import operator_settings, run

app = typer.Typer(no_args_is_help=True, help="Accounts.")

# Each command imports what it needs when it runs: `--help` must not wait for ray and torch.


@app.command("create")
def create(
    handle: Annotated[str, typer.Option()],
    email: Annotated[str, typer.Option()],
    role: Annotated[str, typer.Option(help="MEMBER, TRUSTED_FLAGGER, MODERATOR or ADMIN.")] = "MEMBER",
) -> None:
    """Create an account and print a bearer token for it."""
    from countenance import operator

    typer.echo(run(operator.accounts_create(operator_settings(), handle=handle, email=email, role=role)))


@app.command("add-payment")
def add_payment(
    handle: Annotated[str, typer.Option()],
    reference: Annotated[str, typer.Option(help="The fingerprint that the payment provider gives of the credential.")],
) -> None:
    """Note what an account pays with; only a keyed hash is kept, to tell whether two accounts share it."""
    from countenance import bookkeeping

    typer.echo(run(bookkeeping.add_payment(operator_settings(), handle=handle, reference=reference)))
