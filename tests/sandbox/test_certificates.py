"""The user's own certificate authorities reach the workers as public certificates and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.sandbox.certificates import FILES, find_certificates, place_certificates

ONE = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
TWO = b"-----BEGIN TRUSTED CERTIFICATE-----\nMIIC\n-----END TRUSTED CERTIFICATE-----"
KEY = b"-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_certificates_is_copied_without_its_keys(name: str, tmp_path: Path) -> None:
    source = tmp_path / "ca.pem"
    source.write_bytes(b"text\n" + ONE + b"\n" + KEY + b"\n" + TWO + b"\n")
    variables = place_certificates(find_certificates({name: str(source)}), tmp_path / "copies")
    assert list(variables) == [name]
    assert Path(variables[name]).read_bytes() == ONE + b"\n" + TWO + b"\n"


def test_folders_of_certificates_are_copied_under_their_names(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    (first / "1234abcd.0").write_bytes(ONE)
    (first / "notes.txt").write_bytes(b"no certificate")
    (second / "root.pem").write_bytes(TWO)
    (second / "link.0").symlink_to("root.pem")
    os.mkfifo(second / "pipe")
    variables = place_certificates(find_certificates({"SSL_CERT_DIR": f"{first}:{second}"}), tmp_path / "copies")
    copies = Path(variables["SSL_CERT_DIR"])
    assert sorted(path.name for path in copies.iterdir()) == ["1234abcd.0", "link.0", "root.pem"]
    assert (copies / "link.0").read_bytes() == TWO + b"\n"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("{}/gone.pem", "not"),
        ("{}/key.pem", "holds no certificate"),
        ("{}/pipe", "pipe"),
        ("relative.pem", "absolute"),
    ],
)
def test_what_cannot_be_had_is_said(path: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(KEY)
    os.mkfifo(tmp_path / "pipe")
    found = find_certificates({"SSL_CERT_FILE": path.format(tmp_path)})
    assert found.files == {}
    (problem,) = found.problems
    assert problem.startswith("SSL_CERT_FILE does not reach the agents")
    assert why in problem


def test_without_such_variables_nothing_is_made(tmp_path: Path) -> None:
    assert place_certificates(find_certificates({}), tmp_path / "copies") == {}
    assert not (tmp_path / "copies").exists()


def test_the_machines_own_are_seen_where_they_are_and_not_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, elsewhere = tmp_path / "certs", tmp_path / "company.pem"
    own.mkdir()
    (own / "ca.pem").write_bytes(ONE)
    (own / "1234abcd.0").symlink_to("ca.pem")
    elsewhere.write_bytes(TWO)
    monkeypatch.setattr("orchestrator.sandbox.certificates.SYSTEMS", str(own))
    environ = {"SSL_CERT_FILE": str(own / "ca.pem"), "SSL_CERT_DIR": str(own), "CURL_CA_BUNDLE": str(elsewhere)}
    variables = place_certificates(find_certificates(environ), tmp_path / "copies")
    assert variables == {**environ, "CURL_CA_BUNDLE": str(tmp_path / "copies" / "CURL_CA_BUNDLE.pem")}
    assert [path.name for path in (tmp_path / "copies").iterdir()] == ["CURL_CA_BUNDLE.pem"]


def test_a_certificate_that_was_linked_among_the_machines_own_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, elsewhere = tmp_path / "certs", tmp_path / "company.pem"
    own.mkdir()
    elsewhere.write_bytes(TWO)
    (own / "company.pem").symlink_to(elsewhere)
    monkeypatch.setattr("orchestrator.sandbox.certificates.SYSTEMS", str(own))
    environ = {"SSL_CERT_FILE": str(own / "company.pem"), "SSL_CERT_DIR": str(own)}
    variables = place_certificates(find_certificates(environ), tmp_path / "copies")
    assert Path(variables["SSL_CERT_FILE"]).read_bytes() == TWO + b"\n"
    assert [path.name for path in Path(variables["SSL_CERT_DIR"]).iterdir()] == ["company.pem"]
