"""How a command gets its settings, runs its deed, and says what went wrong."""

import asyncio
import json
import os
from collections.abc import Coroutine
from typing import Any, TypeVar

from countenance import logs
from countenance.embedded.home import RUNNING, default_folder
from countenance.failures import CannotStart
from countenance.settings import Settings, load
from domain.kernel.refusals import Refusal

T = TypeVar("T")


def process_settings() -> Settings:
    """Read the settings and set up logging."""
    settings = load()
    logs.configure(production=settings.in_production, level=settings.log_level)
    return settings


def operator_settings() -> Settings:
    """Read the settings, or take those of the instance that `up` runs in `$COUNTENANCE_HOME` (or the default home)."""
    running = default_folder() / RUNNING
    if "DATABASE_URL" not in os.environ and running.exists():
        os.environ.update(json.loads(running.read_text()))
    return process_settings()


def run(deed: Coroutine[Any, Any, T]) -> T:
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
