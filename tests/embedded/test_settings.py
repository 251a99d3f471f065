"""Settings: typed, complete, and silent about secrets."""

from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from countenance.failures import CannotStart
from countenance.settings import Settings, load
from domain.kernel.ports import Policy

_GIVEN = {
    "DATABASE_URL": "postgresql://user:opensesame@localhost/name",
    "REDIS_URL": "redis://:opensesame@localhost:6379/0",
    "RAY_ADDRESS": "localhost:6379",
    "BLOB_URL": "file:///tmp/blobs",
    "SIGNING_KEY": "s" * 32,
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The least that is needed."""
    for name, value in _GIVEN.items():
        monkeypatch.setenv(name, value)
    for name in ("PUBLIC_URL", "RAY_AUTH_TOKEN", "COUNTENANCE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_five_variables_are_enough(environment: pytest.MonkeyPatch) -> None:
    settings = load()

    assert settings.database_url.get_secret_value() == _GIVEN["DATABASE_URL"]
    assert settings.in_production
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.cluster_origin == "http://127.0.0.1:8000"
    assert settings.policy == Policy()


def test_what_is_missing_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("SIGNING_KEY")
    environment.delenv("REDIS_URL")

    with pytest.raises(CannotStart) as refused:
        load()

    assert str(refused.value) == (
        "These settings are missing or wrong: REDIS_URL: Field required; SIGNING_KEY: Field required. "
        "Set them in the environment, or use `countenance up`."
    )


def test_no_secret_has_a_default() -> None:
    secrets = {name: field for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}

    defaults = {name for name, field in secrets.items() if not field.is_required() and field.default is not None}

    assert set(secrets) == {
        "database_url",
        "redis_url",
        "ray_auth_token",
        "signing_key",
        "biometrics_key",
        "vault_keys",
        "intake_secret",
        "smtp_url",
    }
    assert defaults == set()


def test_every_figure_of_the_policy_is_a_knob(environment: pytest.MonkeyPatch) -> None:
    numbers = {figure.name: number for number, figure in enumerate(fields(Policy), start=1) if figure.type is int}
    switches = {figure.name: not figure.default for figure in fields(Policy) if figure.type is bool}
    told = numbers | switches
    for name, value in told.items():
        environment.setenv(f"COUNTENANCE_POLICY__{name.upper()}", str(value))

    policy = load().policy

    assert {name: getattr(policy, name) for name in told} == told
    assert set(told) == {figure.name for figure in fields(Policy)}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SIGNING_KEY", "short", "SIGNING_KEY: at least 32 characters are wanted"),
        ("VAULT_KEYS", "opensesame", "VAULT_KEYS: the present key and then older ones are wanted, each with its own"),
        ("VAULT_KEYS", f"1:{'ab' * 32},1:{'cd' * 32}", "VAULT_KEYS: the present key and then older ones are wanted"),
        ("PUBLIC_URL", "https://example.org/path", "PUBLIC_URL: an origin such as https://example.org, without a path"),
        ("PUBLIC_URL", "example.org", "PUBLIC_URL: Input should be a valid URL"),
        ("COUNTENANCE_PORT", "0", "COUNTENANCE_PORT: Input should be greater than or equal to 1"),
        (
            "COUNTENANCE_ENVIRONMENT",
            "staging",
            "COUNTENANCE_ENVIRONMENT: Input should be 'production' or 'development'",
        ),
        ("COUNTENANCE_POLICY__SIGNUP_GRANT", "-1", "COUNTENANCE_POLICY: negative: signup_grant"),
        ("COUNTENANCE_POLICY__MIN_PLEDGE", "0", "COUNTENANCE_POLICY: min_pledge is at least 1, and max_pledge no less"),
        ("COUNTENANCE_POLICY__MAX_PLEDGE", "9", "COUNTENANCE_POLICY: min_pledge is at least 1, and max_pledge no less"),
        ("COUNTENANCE_POLICY__CANCEL_SHARE_PERCENT", "101", "COUNTENANCE_POLICY: cancel_share_percent is at most 100"),
        ("COUNTENANCE_POLICY__RECONCILE_SECONDS", "0", "COUNTENANCE_POLICY: reconcile_seconds is at least 1"),
        ("COUNTENANCE_POLICY__CASE_CLAIM_SECONDS", "0", "COUNTENANCE_POLICY: case_claim_seconds is at least 1"),
        ("COUNTENANCE_POLICY__SIGNUP_GRAND", "1", "COUNTENANCE_POLICY__SIGNUP_GRAND: Unexpected keyword argument"),
    ],
)
def test_a_wrong_value_is_one_sentence(environment: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    environment.setenv(name, value)

    with pytest.raises(CannotStart) as refused:
        load()

    assert said in str(refused.value)
    assert "opensesame" not in str(refused.value)


def test_an_origin_loses_its_slash(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PUBLIC_URL", "https://example.org/")
    environment.setenv("COUNTENANCE_INTERNAL_URL", "http://10.0.0.7:8000")

    settings = load()

    assert (settings.public_url, settings.cluster_origin) == ("https://example.org", "http://10.0.0.7:8000")


def test_settings_are_frozen_and_print_no_secret(environment: pytest.MonkeyPatch) -> None:
    settings = load(ray_auth_token=SecretStr("opensesame"))

    with pytest.raises(ValidationError):
        settings.port = 1

    assert settings.port == 8000
    assert "opensesame" not in f"{settings!r}{settings.model_dump()}"
    assert isinstance(settings.upload_folder, Path)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("", ""), ("https://example.org/mine/", "https://example.org/mine"), ("https://c.de", "https://c.de")],
)
def test_letters_may_lead_to_pages_elsewhere(environment: pytest.MonkeyPatch, given: str, kept: str) -> None:
    environment.setenv("COUNTENANCE_CLAIMS_URL", given)

    assert load().claims_url == kept


@pytest.mark.parametrize("wrong", ["example.org", "https://example.org/claims?code=", "javascript:alert(1)"])
def test_letters_lead_to_no_address_that_a_code_does_not_fit(environment: pytest.MonkeyPatch, wrong: str) -> None:
    environment.setenv("COUNTENANCE_CLAIMS_URL", wrong)

    with pytest.raises(CannotStart, match="COUNTENANCE_CLAIMS_URL"):
        load()


@pytest.mark.parametrize(("given", "port"), [("", None), ("9001", 9001)])
def test_the_port_of_the_worker_may_be_none(environment: pytest.MonkeyPatch, given: str, port: int | None) -> None:
    environment.setenv("COUNTENANCE_WORK_PORT", given)

    assert load().work_port == port
