"""Pages of other origins: only those that the operator names may call us with a member's session."""

from pathlib import Path

from domain.kernel.ports import Ports
from tests import factories, serving

FRIEND = "https://app.example"


async def test_only_a_named_origin_may_use_the_cookie(
    database_url: str, redis_url: str, tmp_path: Path, ports: Ports
) -> None:
    settings = serving.settings(
        database_url, redis_url, tmp_path, public_url="https://api.example", allowed_origins=(FRIEND,)
    )
    someone = await factories.signed_in("aldebaran")
    async with serving.app_of(settings, ports) as app, serving.api_of(app) as client:
        client.http.cookies.set("countenance_session", someone.token)
        ask = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}

        friend = await client.post({"query": "{ viewer { handle } }"}, headers={"origin": FRIEND})
        stranger = await client.post({"query": "{ viewer { handle } }"}, headers={"origin": "https://evil.example"})
        preflight = await client.http.options("/graphql", headers={"origin": FRIEND, **ask})
        refused = await client.http.options("/graphql", headers={"origin": "https://evil.example", **ask})
        signed_out = await client.post({"query": "mutation { signOut { __typename } }"}, headers={"origin": FRIEND})

    assert friend.json() == {"data": {"viewer": {"handle": "aldebaran"}}}
    assert friend.headers["access-control-allow-origin"] == FRIEND
    assert stranger.status_code == 403
    assert "access-control-allow-origin" not in stranger.headers
    assert (preflight.status_code, refused.status_code) == (200, 400)
    assert "Secure" in signed_out.headers["set-cookie"]
