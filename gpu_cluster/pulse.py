"""What an actor says when it is asked whether it lives. Apart from the actors, so that the API side can import it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pulse:
    """The registry version that an actor holds, whether it works, and since when (seconds) it has shown no progress."""

    version: int
    busy: bool
    silence: float = 0.0
