"""Every knob, typed and frozen, read from the environment once at start.

The addresses and secrets have the names that hosting platforms give them (`DATABASE_URL`, `REDIS_URL`, …); all
else is prefixed: `COUNTENANCE_ARTISTS=2`, and the figures of the rules `COUNTENANCE_POLICY__SIGNUP_GRANT=500`.
No secret has a default. `countenance up` fills in those of the services it starts.
"""

import re
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import AnyHttpUrl, Field, SecretStr, TypeAdapter, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from countenance.failures import CannotStart
from countenance.vault.master_keys import MasterKeys
from domain.kernel.ports import Policy

_HTTP_URL = TypeAdapter(AnyHttpUrl)
_SHORTEST_KEY = 32
_HEX_KEY = re.compile(r"[0-9A-Fa-f]{64}")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")


class Settings(BaseSettings):
    """The settings of one process. `load` reads them from the environment."""

    model_config = SettingsConfigDict(
        env_prefix="COUNTENANCE_",
        env_nested_delimiter="__",
        frozen=True,
        validate_by_name=True,
        hide_input_in_errors=True,  # a mistyped secret must not end up in a log
        extra="forbid",
    )

    environment: Literal["production", "development"] = "production"
    """`development` shows errors in full and logs for people; `production` masks errors and logs JSON."""

    database_url: SecretStr = Field(validation_alias="DATABASE_URL")
    """Postgres, as asyncpg takes it: `postgresql://user:password@host:5432/name`, or `…/name?host=/socket/folder`."""
    redis_url: SecretStr = Field(validation_alias="REDIS_URL")
    """A server of the Redis protocol: `redis://:password@host:6379/0`."""
    ray_address: str = Field(validation_alias="RAY_ADDRESS")
    """The head of the Ray cluster: `host:6379`."""
    ray_auth_token: SecretStr | None = Field(default=None, validation_alias="RAY_AUTH_TOKEN")
    """The token that the Ray cluster demands; None for a cluster without token authentication."""
    blob_url: str = Field(validation_alias="BLOB_URL")
    """Where files lie: `file:///folder`, `s3://bucket/prefix`, `gs://bucket`, `az://container`."""
    signing_key: SecretStr = Field(validation_alias="SIGNING_KEY")
    """Signs the URLs of blobs; at least 32 characters from a generator."""

    biometrics_key: SecretStr | None = Field(default=None, validation_alias="BIOMETRICS_KEY")
    """Seals face descriptors at rest: 64 hex digits from a generator. Without it none are taken."""
    vault_keys: SecretStr | None = Field(default=None, validation_alias="VAULT_KEYS")
    """Seal the files of bounty entries: `2:KEY,1:KEY`, the present key and then older ones, each 64 hex digits from a
    generator. Without it no files of entries are taken."""
    intake_secret: SecretStr | None = Field(default=None, validation_alias="INTAKE_SECRET")
    """Shared with the service that posts e-mails to `/intake/email`; at least 32 characters. Without it none are."""
    smtp_url: SecretStr | None = Field(default=None, validation_alias="SMTP_URL")
    """Where letters go: `smtp://user:password@host:587` (with STARTTLS where offered) or `smtps://…:465`; without it
    they are written as `.eml` files."""
    mail_from: str = "countenance@localhost"
    """The address that letters come from."""

    public_url: str = Field(default="http://127.0.0.1:8000", validation_alias="PUBLIC_URL")
    """The origin that browsers see, without a slash at its end."""
    claims_url: str = ""
    """Where letters send claimants, who find `/<case code>` below it; empty for this API's own pages, `/claims`."""
    internal_url: str = ""
    """The origin under which the Ray cluster reaches the API, for files; empty for the public one."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    work_port: int | None = Field(default=8001, ge=1, le=65535)
    """Where `countenance work` tells that it lives and gives its figures, on the same `host`; nowhere when empty."""
    allowed_origins: tuple[str, ...] = ()
    """Further origins whose pages may use the session cookie, as a JSON list."""
    trusted_proxies: str = "127.0.0.1"
    """Addresses and networks of proxies whose `X-Forwarded-For` is believed, separated by commas."""

    rate_limits: dict[str, str] = Field(default_factory=dict)
    """Rules that go before the built-in ones (`countenance.limiter.RULES`), as a JSON object."""

    connections_per_network: int = Field(default=200, ge=1)
    """The most sockets and event streams that each process keeps open for one IPv4 address or one IPv6 /64 network."""
    subscriptions_per_caller: int = Field(default=400, ge=1)
    """The most subscriptions that each process runs for one account, or for one network where nobody is signed in."""

    introspection: bool = True
    """Whether the GraphQL schema can be asked for."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    database_connections: int = Field(default=10, ge=2, le=200)
    """The size of each process's pool."""
    redis_connections: int = Field(default=20, ge=2, le=1000)
    """The most connections to Redis that each process opens."""

    artists: int = Field(default=1, ge=0, le=10_000)
    """Actors that draw."""
    artist_cpus: float = Field(default=1.0, ge=0)
    artist_gpus: float = Field(default=0.0, ge=0)
    """GPUs for each artist; 0 draws on the CPU."""
    validators: int = Field(default=1, ge=0, le=10_000)
    """Actors that inspect files."""
    validator_cpus: float = Field(default=1.0, ge=0)

    model_folder: Path = Path(tempfile.gettempdir()) / "countenance-models"
    """Where the cluster's nodes keep weights that they have fetched."""
    model_folder_bytes: int = Field(default=100 * 1024**3, ge=1024**3)
    """The most that folder holds; what was used least recently goes first."""

    upload_folder: Path = Path(tempfile.gettempdir()) / "countenance-uploads"
    """Where unfinished uploads lie; shared by all API processes."""

    home: Path | None = None
    """The folder of an embedded instance, when `countenance up` runs this process."""

    policy: Policy = Policy()
    """The figures that rules need."""

    @field_validator("public_url", "internal_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        """Take an origin only: scheme, host and port."""
        if value:
            url = _HTTP_URL.validate_python(value)
            if url.path not in {None, "/"} or url.query or url.fragment:
                raise ValueError("an origin such as https://example.org, without a path, is wanted")
        return value.rstrip("/")

    @field_validator("claims_url")
    @classmethod
    def _folder(cls, value: str) -> str:
        """Take an address under which a case code can be written."""
        if value:
            url = _HTTP_URL.validate_python(value)
            if url.query or url.fragment:
                raise ValueError("an address such as https://example.org/claims, without a query, is wanted")
        return value.rstrip("/")

    @field_validator("work_port", mode="before")
    @classmethod
    def _or_nowhere(cls, value: Any) -> Any:
        """Take an empty variable for no port."""
        return None if value == "" else value

    @field_validator("signing_key", "intake_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        """Refuse a key that can be guessed."""
        if value is not None and len(value.get_secret_value()) < _SHORTEST_KEY:
            raise ValueError(f"at least {_SHORTEST_KEY} characters are wanted")
        return value

    @field_validator("biometrics_key")
    @classmethod
    def _is_key(cls, value: SecretStr | None) -> SecretStr | None:
        """Take a whole AES-256 key only."""
        if value is not None and not _HEX_KEY.fullmatch(value.get_secret_value()):
            raise ValueError("64 hex digits are wanted, such as `openssl rand -hex 32` gives")
        return value

    @field_validator("vault_keys")
    @classmethod
    def _are_keys(cls, value: SecretStr | None) -> SecretStr | None:
        """Take numbered AES-256 keys only."""
        if value is not None:
            MasterKeys.read(value.get_secret_value())
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_smtp(cls, value: SecretStr | None) -> SecretStr | None:
        """Take the address of a mail server only."""
        parts = urlsplit(value.get_secret_value()) if value is not None else None
        if parts is not None and (parts.scheme not in ("smtp", "smtps") or not parts.hostname):
            raise ValueError("a URL such as smtp://user:password@mail.example.org:587 is wanted")
        return value

    @field_validator("mail_from")
    @classmethod
    def _is_address(cls, value: str) -> str:
        """Take a bare address only."""
        if not _ADDRESS.fullmatch(value):
            raise ValueError("an address such as likeness@example.org is wanted")
        return value

    @field_validator("policy")
    @classmethod
    def _not_negative(cls, value: Policy) -> Policy:
        """Refuse figures that no rule can keep."""
        wrong = [name for name, figure in asdict(value).items() if figure < 0]
        if wrong:
            raise ValueError(f"negative: {', '.join(wrong)}")
        if not 1 <= value.min_pledge <= value.max_pledge:
            raise ValueError("min_pledge is at least 1, and max_pledge no less than that")
        if value.cancel_share_percent > 100:
            raise ValueError("cancel_share_percent is at most 100")
        if value.reconcile_seconds == 0:
            raise ValueError("reconcile_seconds is at least 1")
        if value.case_claim_seconds == 0:
            raise ValueError("case_claim_seconds is at least 1")
        return value

    @property
    def cluster_origin(self) -> str:
        """The origin under which the cluster reads blobs."""
        return self.internal_url or self.public_url

    @property
    def in_production(self) -> bool:
        """Whether errors are masked and logs are JSON."""
        return self.environment == "production"


def load(**given: Any) -> Settings:
    """Read the settings from the environment; `given` go before it. Raises CannotStart."""
    try:
        return Settings(**given)
    except ValidationError as error:
        said = [
            f"{_variable(problem['loc'])}: {problem['msg'].removeprefix('Value error, ')}" for problem in error.errors()
        ]
        raise CannotStart(
            f"These settings are missing or wrong: {'; '.join(said)}. "
            "Set them in the environment, or use `countenance up`."
        ) from None


def _variable(location: tuple[int | str, ...]) -> str:
    """Name the environment variable behind a field."""
    name = "__".join(str(part) for part in location)
    return name if name.isupper() else f"COUNTENANCE_{name.upper()}"
