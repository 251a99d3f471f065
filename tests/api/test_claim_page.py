"""The page of a claim as it is sent: for case codes only, alone, and with nothing but its own script."""

import base64
import hashlib
import re

import pytest

from tests.serving import Api


@pytest.mark.parametrize("written", ["LC-7F3K-22QX", "lc-7f3k-22qx", "LC7F3K22QX"])
async def test_a_case_code_is_read_as_people_write_it(client: Api, written: str) -> None:
    response = await client.http.get(f"/claims/{written}")

    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<span class="code">LC-7F3K-22QX</span>' in response.text
    assert "{{" not in response.text


@pytest.mark.parametrize(
    "written", ["LC-7F3K-22Q", "LC-7F3K-22Q0", "<script>alert(1)</script>", "LC-7F3K-22QX%22%3E", "x" * 9000]
)
async def test_what_is_no_case_code_is_not_found_and_not_repeated(client: Api, written: str) -> None:
    response = await client.http.get(f"/claims/{written}")

    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/plain")
    assert "alert" not in response.text
    assert len(response.text) < 200


async def test_nothing_runs_or_loads_but_what_the_page_holds(client: Api) -> None:
    response = await client.http.get("/claims/LC-7F3K-22QX")

    [style] = re.findall(r"<style>(.*?)</style>", response.text, re.DOTALL)
    [script] = re.findall(r"<script>(.*?)</script>", response.text, re.DOTALL)
    assert response.headers["content-security-policy"] == (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-store"
    assert (
        re.findall(
            r"\s(?:src|href|action|name|on\w+)=",
            response.text.replace('name="viewport"', "").replace('name="robots"', ""),
        )
        == []
    )


async def test_a_page_is_only_read(client: Api) -> None:
    response = await client.http.post("/claims/LC-7F3K-22QX")

    assert response.status_code == 405


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
