"""The command line: `countenance up` and its parts, the demonstration, and an operator's deeds."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from countenance.commands import accounts, bounties, cases, intake, registry, resources, vault
from countenance.commands.calling import process_settings, run
from countenance.embedded.home import default_folder
from countenance.failures import CannotStart

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
for group in (accounts, bounties, cases, intake, registry, resources, vault):
    app.add_typer(group.app, name=group.__name__.rpartition(".")[2])


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
    settings = process_settings()
    from countenance import serving

    serving.serve(settings)


@app.command()
def work() -> None:
    """Run the workers: relay, dispatcher, clock and the gateway to the Ray cluster."""
    settings = process_settings()
    from countenance import workers

    workers.main(settings)


@app.command()
def migrate(
    demo_data: Annotated[bool, typer.Option("--demo-data", help="Load the demonstration world, too.")] = False,
) -> None:
    """Bring the database to this release's schema."""
    settings = process_settings()
    from countenance import database

    async def migration() -> None:
        try:
            await database.migrate(settings.database_url.get_secret_value())
        except database.MigrationFailed as problem:
            raise CannotStart(str(problem)) from None
        if demo_data:
            from countenance import demo_world

            await demo_world.load(settings)

    run(migration())


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
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="Model files.")],
    persons: Annotated[
        Path | None, typer.Option(help='Protected persons, one a line: {"name": …, "aliases": [...]}.')
    ] = None,
    blocked: Annotated[list[Path] | None, typer.Option(metavar="FILE…", help="Files that may not stand.")] = None,
) -> None:
    """Inspect files as an upload is, without a server; one JSON object a line, in the order given."""
    from countenance import json_lines, offline, offline_inspect

    warn = partial(typer.echo, err=True)
    known = offline.read_persons(persons, warn) if persons else []
    for answer in offline_inspect.inspect_files(files, known, blocked or [], warn):
        typer.echo(json_lines.written(answer))


if __name__ == "__main__":
    app()
