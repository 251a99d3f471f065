"""Commands about resources that an operator adds."""

from pathlib import Path
from typing import Annotated

import typer

from countenance.commands.calling import operator_settings, run

app = typer.Typer(no_args_is_help=True, help="Resources that an operator adds.")

# Each command imports what it needs when it runs: `--help` must not wait for ray and torch.


@app.command("add-checkpoint")
def add_checkpoint(
    path: Annotated[Path, typer.Argument(exists=True, help="A diffusers folder or a .safetensors checkpoint.")],
    title: Annotated[str, typer.Option(help="Its title; the file's name by default.")] = "",
) -> None:
    """Offer a checkpoint of one's own, SD 1.5 or SDXL, to the members; prints its id."""
    from countenance import operator

    typer.echo(run(operator.add_checkpoint(operator_settings(), path.resolve(), title=title or path.stem)))
