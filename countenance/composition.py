"""Which part fills which port, for the API process."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from redis.asyncio import Redis

from countenance import database
from countenance.blobs import BlobStore
from countenance.cluster_state import DistantCluster
from countenance.limiter import RedisLimiter
from countenance.registry import AdoptedRegistry
from countenance.sealing import Seal, marks_key, proof_key
from countenance.settings import Settings
from countenance.vault.master_keys import MasterKeys
from countenance.vault.store import SealedStore
from domain.kernel.clock import SystemClock
from domain.kernel.ports import Ports


@dataclass(frozen=True, slots=True)
class Composed:
    """The parts of an API process. Nothing is connected before `opened` is entered."""

    settings: Settings
    ports: Ports
    blobs: BlobStore
    redis: Redis
    limiter: RedisLimiter
    registry: AdoptedRegistry

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Keep the database's pool and the connections to Redis open."""
        async with database.pool(
            self.settings.database_url.get_secret_value(), max_size=self.settings.database_connections
        ):
            try:
                # Before the first request, for an empty registry protects nobody, and for as long as anything is open.
                async with self.registry.followed():
                    yield
            finally:
                await self.limiter.close()
                await self.redis.aclose()


def vault_of(settings: Settings, blobs: BlobStore) -> SealedStore | None:
    """Open the vault over these blobs; None where the settings have no key for it."""
    if settings.vault_keys is None:
        return None
    return SealedStore(
        blobs,
        MasterKeys.read(settings.vault_keys.get_secret_value()),
        signing_key=settings.signing_key.get_secret_value(),
        public_origin=settings.public_url,
        cluster_origin=settings.cluster_origin,
    )


def compose(settings: Settings) -> Composed:
    """Put the parts together."""
    redis_url = settings.redis_url.get_secret_value()
    redis = Redis.from_url(redis_url, max_connections=settings.redis_connections)
    blobs = BlobStore.of(settings)
    limiter = RedisLimiter(redis_url, settings.rate_limits, connections=settings.redis_connections)
    sealer = Seal(settings.biometrics_key.get_secret_value()) if settings.biometrics_key else None
    registry = AdoptedRegistry(sealer)
    ports = Ports(
        clock=SystemClock(),
        vault=vault_of(settings, blobs),
        blobs=blobs,
        cluster=DistantCluster(redis),
        limiter=limiter,
        registry=registry,
        policy=settings.policy,
        public_url=settings.public_url,
        claims_url=settings.claims_url,
        sealer=sealer,
        proof_key=proof_key(settings.signing_key.get_secret_value()),
        marks_key=marks_key(settings.signing_key.get_secret_value()),
    )
    return Composed(settings, ports, blobs, redis, limiter, registry)
