"""The command line: `countenance up` and its parts, the demonstration, and an operator's deeds."""

import asyncio
import json
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from countenance import logs
from countenance.embedded.home import RUNNING, default_folder
from countenance.failures import CannotStart
from countenance.settings import Settings, load
from domain.kernel.refusals import Refusal

T = TypeVar("T")

# Each command imports what it needs when it runs: `--help` must not wait for ray and torch.


class _Sentences(TyperGroup):
    """Commands whose failures are one sentence on standard error and exit code 1, never a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except CannotStart as problem:
            typer.echo(f"countenance: {problem}", err=True)
            raise typer.Exit(1) from None


class _Inspect(TyperCommand):
    """`inspect FILE… --blocked FILE…`: the option takes several files at once."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments."""
        from countenance.offline_inspect import greedy

        return super().parse_args(ctx, greedy(args, "--blocked"))


app = typer.Typer(
    cls=_Sentences,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The backend of a community that makes generative image models, and respects every person's face.",
)
accounts = typer.Typer(no_args_is_help=True, help="Accounts.")
registry = typer.Typer(no_args_is_help=True, help="The likeness registry.")
resources = typer.Typer(no_args_is_help=True, help="Resources that an operator adds.")
app.add_typer(accounts, name="accounts")
app.add_typer(registry, name="registry")
app.add_typer(resources, name="resources")


@app.command()
def up(
    home: Annotated[Path | None, typer.Option(help="The folder of this instance; ~/.countenance by default.")] = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    no_demo_data: Annotated[bool, typer.Option("--no-demo-data", help="Start with an empty world.")] = False,
    min_free_mib: Annotated[int, typer.Option(hidden=True)] = 2048,
) -> None:
    """Run everything on this machine: Postgres, Valkey, Ray, the API and the workers."""
    from countenance import up as machine

    machine.up(
        machine.Options(
            home=home or default_folder(),
            host=host,
            port=port,
            demo_data=not no_demo_data,
            min_free_bytes=min_free_mib * 1024**2,
        )
    )


@app.command()
def serve() -> None:
    """Serve the API, against the services that the environment names."""
    settings = _settings()
    from countenance.serving import serve as run

    run(settings)


@app.command()
def work() -> None:
    """Run the workers: relay, dispatcher, clock and the gateway to the Ray cluster."""
    settings = _settings()
    from countenance.workers import main as run

    run(settings)


@app.command()
def migrate(
    demo_data: Annotated[bool, typer.Option("--demo-data", help="Load the demonstration world, too.")] = False,
) -> None:
    """Bring the database to this release's schema."""
    settings = _settings()
    from countenance import database

    async def run() -> None:
        try:
            await database.migrate(settings.database_url.get_secret_value())
        except database.MigrationFailed as problem:
            raise CannotStart(str(problem)) from None
        if demo_data:
            from countenance import demo_world

            await demo_world.load(settings)

    _run(run())


@app.command()
def intake() -> None:
    """Take in an e-mail from standard input as a likeness claim: `countenance intake < message.eml`."""
    from countenance import operator

    typer.echo(_run(operator.intake(_operator_settings(), sys.stdin.buffer)))


@app.command()
def demo(
    url: Annotated[str, typer.Option(help="The running server.")] = "http://127.0.0.1:8000",
    out: Annotated[Path, typer.Option(help="Where the picture goes.")] = Path("demo-out"),
    accounts_file: Annotated[
        Path | None, typer.Option("--accounts", help="The demonstration accounts that `up` wrote into its home.")
    ] = None,
) -> None:
    """Play the main job against a running server, through its public API alone."""
    from countenance.demo import play

    asyncio.run(play(url, out, accounts_file or default_folder() / "demo-accounts.json"))


@app.command()
def schema(
    check: Annotated[bool, typer.Option("--check", help="Only compare; exit code 1 when something differs.")] = False,
) -> None:
    """Write schema/schema.graphql from the code, or check it and the public contract."""
    from countenance.graphql import contract_breaks, print_schema

    breaks = contract_breaks()
    if breaks:
        raise CannotStart(f"The schema breaks the public contract: {'; '.join(breaks)}.")
    file = Path("schema/schema.graphql")
    text = print_schema()
    if not check:
        file.write_text(text)
    elif not file.exists() or file.read_text() != text:
        raise CannotStart(f"{file} is not what the code says; run `countenance schema` and commit it.")


@app.command(cls=_Inspect)
def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Model files.")],
    persons: Annotated[
        Path | None, typer.Option(help='Protected persons, one a line: {"name": …, "aliases": [...]}.')
    ] = None,
    blocked: Annotated[list[Path] | None, typer.Option(metavar="FILE…", help="Files that may not stand.")] = None,
) -> None:
    """Inspect files as an upload is, without a server; one JSON object a line, in the order given."""
    from countenance import offline, offline_inspect

    known = offline.read_persons(persons) if persons else []
    for answer in offline_inspect.inspect_files(files, known, blocked or []):
        typer.echo(json.dumps(answer, ensure_ascii=False))


@accounts.command("create")
def accounts_create(
    handle: Annotated[str, typer.Option()],
    email: Annotated[str, typer.Option()],
    role: Annotated[str, typer.Option(help="MEMBER, TRUSTED_FLAGGER, MODERATOR or ADMIN.")] = "MEMBER",
) -> None:
    """Create an account and print a bearer token for it."""
    from countenance import operator

    typer.echo(_run(operator.accounts_create(_operator_settings(), handle=handle, email=email, role=role)))


@registry.command("list")
def registry_list() -> None:
    """List the registered persons: id, name, consent."""
    from countenance import operator

    for line in _run(operator.registry_list(_operator_settings())):
        typer.echo(line)


@registry.command("add")
def registry_add(
    name: Annotated[str, typer.Argument(help="The name the person is known by.")],
    alias: Annotated[list[str] | None, typer.Option(help="Another name; may be given several times.")] = None,
    consent: Annotated[str, typer.Option(help="DENY_ALL, NAMED_CREATORS or SAFE_FOR_WORK_ONLY.")] = "DENY_ALL",
) -> None:
    """Register a person and print the id."""
    from countenance import operator

    typer.echo(_run(operator.registry_add(_operator_settings(), name=name, aliases=alias or [], consent=consent)))


@registry.command("withdraw")
def registry_withdraw(person: Annotated[str, typer.Argument(help="The person's id.")]) -> None:
    """Take a person out of the registry."""
    from countenance import operator

    _run(operator.registry_withdraw(_operator_settings(), person))


@registry.command("match")
def registry_match(
    persons: Annotated[Path, typer.Option(help='Persons, one a line: {"name": …, "aliases": […]}.')],
    texts: Annotated[Path, typer.Option(help='Texts, one a line: {"id": …, "text": …}.')],
) -> None:
    """Look for names in texts as the gates do, without a server; one JSON object a line, in the order of the texts.

    A line that cannot be read gets an object with `error`, and the exit code is 1 after all others are answered.
    """
    from countenance import offline

    unread = 0
    for answer in offline.match_texts(offline.read_persons(persons), texts):
        unread += "error" in answer
        typer.echo(json.dumps(answer, ensure_ascii=False))
    if unread:
        raise CannotStart(f"{unread} {'line' if unread == 1 else 'lines'} of {texts} could not be read.")


@resources.command("add-checkpoint")
def add_checkpoint(
    path: Annotated[Path, typer.Argument(exists=True, help="A diffusers folder or a .safetensors checkpoint.")],
    title: Annotated[str, typer.Option(help="Its title; the file's name by default.")] = "",
) -> None:
    """Offer a checkpoint of one's own, SD 1.5 or SDXL, to the members; prints its id."""
    from countenance import operator

    typer.echo(_run(operator.add_checkpoint(_operator_settings(), path.resolve(), title=title or path.stem)))


def _settings() -> Settings:
    """Read the settings and set up logging."""
    settings = load()
    logs.configure(production=settings.in_production, level=settings.log_level)
    return settings


def _operator_settings() -> Settings:
    """Read the settings, or take those of the instance that `up` runs in `$COUNTENANCE_HOME` (or the default home)."""
    running = default_folder() / RUNNING
    if "DATABASE_URL" not in os.environ and running.exists():
        os.environ.update(json.loads(running.read_text()))
    return _settings()


def _run(deed: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine; what a person or a server causes becomes a sentence."""
    from asyncpg import PostgresError
    from redis import RedisError

    try:
        return asyncio.run(deed)
    except Refusal as refusal:
        raise CannotStart(refusal.message) from None
    except (ConnectionError, TimeoutError) as error:
        raise CannotStart(f"A server that the environment names doesn't answer ({error}); is it running?") from None
    except (PostgresError, RedisError) as error:
        raise CannotStart(f"A server that the environment names refuses: {error}. Check its URL.") from None


if __name__ == "__main__":
    app()
