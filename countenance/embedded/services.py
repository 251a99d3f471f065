"""The embedded services of one home, started together and stopped together."""

import os
from collections.abc import Mapping
from typing import Protocol

from countenance.embedded.child import Child
from countenance.embedded.home import Home
from countenance.embedded.local_ray import LocalRay
from countenance.embedded.postgres import Postgres
from countenance.embedded.valkey import Valkey


class Service(Protocol):
    """A service that can be started, also again after it died, at the same address."""

    name: str
    child: Child | None

    def start(self) -> Child:
        """Start it and return at once."""
        ...

    def wait(self) -> None:
        """Return when it serves. Raises CannotStart."""
        ...

    def stop(self) -> None:
        """Stop it; no error when it doesn't run."""
        ...


class Services:
    """Postgres, Valkey and Ray in one home."""

    def __init__(self, home: Home) -> None:
        """Lay them out; nothing runs yet."""
        held = (home.lock,)
        secrets = home.secrets
        self.postgres = Postgres(
            home.folder / "postgres", log=home.log("postgres"), password=secrets.database_password, held=held
        )
        self.valkey = Valkey(home.folder / "valkey", log=home.log("valkey"), password=secrets.redis_password, held=held)
        self.ray = LocalRay(home.folder / "ray", log=home.log("ray"), token=secrets.ray_token, held=held)
        self._home = home

    @property
    def all(self) -> tuple[Service, ...]:
        """Every service, the quickest first."""
        return (self.valkey, self.postgres, self.ray)

    def start(self) -> None:
        """Start all at once, the slowest first; each has its own `wait`. Raises CannotStart."""
        for service in reversed(self.all):
            service.start()

    def environment(self) -> Mapping[str, str]:
        """Give the settings that lead a process to these services."""
        return {
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.valkey.url,
            "BLOB_URL": (self._home.folder / "blobs").as_uri(),
            "SIGNING_KEY": self._home.secrets.signing_key,
            "BIOMETRICS_KEY": self._home.secrets.biometrics_key,
            "INTAKE_SECRET": self._home.secrets.intake_secret,
            # Whoever rotates the key of a home names the new one before the one that was made with it.
            "VAULT_KEYS": os.environ.get("VAULT_KEYS") or f"1:{self._home.secrets.vault_key}",
            "COUNTENANCE_HOME": str(self._home.folder),
            "COUNTENANCE_MODEL_FOLDER": str(self._home.folder / "models"),
            "COUNTENANCE_UPLOAD_FOLDER": str(self._home.folder / "uploads"),
            **self.ray.driver_environment,
        }

    def stop(self) -> None:
        """Stop all at once and return when nothing of them is left."""
        for service in self.all:
            if service.child is not None:
                service.child.ask_to_stop()
        for service in self.all:
            service.stop()
