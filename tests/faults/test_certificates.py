"""The user's own certificate authorities reach the agents, or it is said that they do not (E12)."""

from __future__ import annotations

import pytest

from tests.faults.conftest import Program

FILES = {"a.py": "x = 1\n"}
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


@pytest.mark.fault("E12")
@pytest.mark.parametrize("name", ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO"])
def test_a_certificate_authority_of_the_users_reaches_an_agent(program: Program, name: str) -> None:
    (program.home / "ca.pem").write_text(CERTIFICATE + "-----BEGIN PRIVATE KEY-----\nX\n-----END PRIVATE KEY-----\n")
    program.environ[name] = str(program.home / "ca.pem")
    program.claude(f'cat "${name}" >seen.txt; echo >>a.py')
    target = program.target(files=FILES)
    ran = program.run(target)
    seen = (target / "seen.txt").read_text() if (target / "seen.txt").exists() else ""
    assert seen == CERTIFICATE, ran.text


@pytest.mark.fault("E12")
def test_one_that_cannot_be_read_is_said(program: Program) -> None:
    program.environ["NODE_EXTRA_CA_CERTS"] = str(program.home / "gone.pem")
    program.claude("echo >>a.py")
    assert "NODE_EXTRA_CA_CERTS" in program.run(program.target(files=FILES)).text
