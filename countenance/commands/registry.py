"""Commands about the likeness registry."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from countenance.commands.calling import operator_settings, run
from countenance.failures import CannotStart

app = typer.Typer(no_args_is_help=True, help="The likeness registry.")

# Each command imports what it needs when it runs: `--help` must not wait for ray and torch.


@app.command("list")
def show() -> None:
    """List the registered persons: id, name, consent."""
    from countenance import operator

    for line in run(operator.registry_list(operator_settings())):
        typer.echo(line)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The name the person is known by.")],
    alias: Annotated[list[str] | None, typer.Option(help="Another name; may be given several times.")] = None,
    consent: Annotated[str, typer.Option(help="DENY_ALL, NAMED_CREATORS or SAFE_FOR_WORK_ONLY.")] = "DENY_ALL",
) -> None:
    """Register a person and print the id."""
    from countenance import operator

    typer.echo(run(operator.registry_add(operator_settings(), name=name, aliases=alias or [], consent=consent)))


@app.command("change")
def change(
    person: Annotated[str, typer.Argument(help="The person's id.")],
    name: Annotated[str | None, typer.Option(help="The name the person is known by.")] = None,
    alias: Annotated[
        list[str] | None, typer.Option(help="Another name, in place of those that the operator gave.")
    ] = None,
    consent: Annotated[str | None, typer.Option(help="DENY_ALL or SAFE_FOR_WORK_ONLY.")] = None,
) -> None:
    """Change what the operator has registered of a person; what upheld claims say stays beside it."""
    from countenance import operator

    run(operator.registry_change(operator_settings(), person, name=name, aliases=alias or None, consent=consent))


@app.command("block")
def block(
    person: Annotated[str, typer.Argument(help="The person's id.")],
    sha256: Annotated[str, typer.Argument(help="The SHA256 of the file, 64 hex digits.")],
) -> None:
    """Block a file that reproduces a person, whatever it is named and says."""
    from countenance import operator

    run(operator.registry_block(operator_settings(), person, sha256))


@app.command("withdraw")
def withdraw(person: Annotated[str, typer.Argument(help="The person's id.")]) -> None:
    """Take a person out of the registry."""
    from countenance import operator

    run(operator.registry_withdraw(operator_settings(), person))


@app.command("match")
def match(
    persons: Annotated[Path, typer.Option(help='Persons, one a line: {"name": …, "aliases": […]}.')],
    texts: Annotated[Path, typer.Option(help='Texts, one a line: {"id": …, "text": …}.')],
) -> None:
    """Look for names in texts as the gates do, without a server; one JSON object a line, in the order of the texts.

    A line that cannot be read gets an object with `error`, and the exit code is 1 after all others are answered.
    """
    from countenance import json_lines, offline

    unread = 0
    known = offline.read_persons(persons, partial(typer.echo, err=True))
    for answer in offline.match_texts(known, texts):
        unread += "error" in answer
        typer.echo(json_lines.written(answer))
    if unread:
        raise CannotStart(f"{unread} {'line' if unread == 1 else 'lines'} of {texts} could not be read.")
