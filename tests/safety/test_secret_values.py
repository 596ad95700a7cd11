from __future__ import annotations

import json

import pytest

from orchestrator.safety.secret_values import is_secret_name, secret_values, secrets_in_credentials, secrets_in_login


@pytest.mark.parametrize(
    "name",
    [
        *("OPENAI_API_KEY", "ANTHROPIC_AUTH_TOKEN", "GITHUB_TOKEN", "GH_PAT", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD"),
        *("PGPASSWORD", "MYSQL_PWD", "SMTP_PASS", "STRIPE_SECRET", "JWT_SECRET", "SESSION_COOKIE", "NPM_TOKEN"),
        *("SENTRY_DSN", "SLACK_WEBHOOK_URL", "TLS_PRIVATE_KEY", "SIGNING_KEY", "KEY", "access_token", "refreshToken"),
        *("apiKey", "id_token", "AZURE_CLIENT_SECRET", "GPG_PASSPHRASE", "DOCKER_AUTH_CONFIG", "TWILIO_AUTH"),
    ],
)
def test_names_that_say_they_hold_a_secret_are_believed(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "HOME", "LANG", "SSH_AUTH_SOCK", "SSL_KEY_FILE", "TOKENIZERS_PARALLELISM", "KEYBOARD", "MONKEY"),
        *("TOKEN_LIMIT", "AUTHOR", "PASSAGE", "COMPASS", "GIT_AUTHOR_NAME", "XAUTHORITY", "MAX_TOKENS_COUNT"),
    ],
)
def test_names_that_only_sound_like_it_are_not(name: str) -> None:
    assert not is_secret_name(name)


def test_a_login_named_by_an_adapter_is_a_secret_whatever_its_name() -> None:
    assert secret_values({"ANTHROPIC_API_KEY": "one-value-here"}) == {"one-value-here"}


def test_short_values_and_ordinary_variables_are_no_secrets() -> None:
    assert secret_values({"X_KEY": "1234567", "EDITOR": "vim-or-else", "PWD": "/home/somebody"}) == set()


def test_the_password_in_any_url_is_a_secret() -> None:
    assert secret_values({"DATABASE": "postgres://me:hunter22hunter@db/x"}) == {"hunter22hunter"}


def test_of_several_lines_each_long_one_is_a_secret() -> None:
    key = "-----BEGIN X-----\nMIIabcdefghijklmnopqrstuvwxyz\nshort\n-----END X-----"
    assert "MIIabcdefghijklmnopqrstuvwxyz" in secret_values({"TLS_KEY": key})


def test_every_token_of_a_login_file_is_a_secret_and_nothing_else_of_it() -> None:
    login = {
        "claudeAiOauth": {"accessToken": "access-1234", "refreshToken": "refresh-1234", "scopes": ["user:inference"]},
        "tokens": {"id_token": "identity-1234", "account": "person@example.org"},
        "expires": "2026-11-21T00:00:00",
    }
    found = secrets_in_login(json.dumps(login))
    assert {"access-1234", "refresh-1234", "identity-1234"} <= found
    assert not found & {"user:inference", "2026-11-21T00:00:00"}


def test_a_login_file_that_is_no_json_holds_none() -> None:
    assert secrets_in_login("not json {") == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "machine e.org login me password se-cret-4711\n",
        "machine e.org\n  login me\n  password se-cret-4711",
        "https://me:se-cret-4711@e.org",
        "//registry.e.org/:_authToken=se-cret-4711",
        '//registry.e.org/:_password = "se-cret-4711"',
        "https://me:se%2Dcret%2D4711@e.org",
    ],
)
def test_passwords_in_the_files_of_other_programs_are_known(text: str) -> None:
    assert "se-cret-4711" in secrets_in_credentials(text)
    assert not any("e.org" in found for found in secrets_in_credentials(text))


def test_a_variable_that_stands_for_a_token_is_none() -> None:
    assert secrets_in_credentials("//e.org/:_authToken=${NPM_TOKEN_OF_MINE}") == frozenset()
