"""What an installation keeps between starts, and how it meets a taken port."""

import socket
import stat
from pathlib import Path

import pytest

from campus import runtime
from campus.settings import Address, Settings


def test_secrets_are_kept_and_readable_by_the_owner_only(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, hub=Address(port=0))
    first = runtime.prepare(settings)
    second = runtime.prepare(settings)
    assert second.demo_password == first.demo_password
    assert second.cookie_secret == first.cookie_secret
    assert runtime.read(settings) == second
    file = tmp_path / "secrets" / "runtime.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_no_two_servers_share_a_port(tmp_path: Path) -> None:
    here = runtime.prepare(Settings(data=tmp_path, hub=Address(port=0)))
    assert len({here.public, here.hub_api, here.proxy_api, here.portal}) == 4


def test_a_taken_public_port_is_said(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(runtime.PortInUse, match=rf"port {port} .*hub\.port"):
            runtime.prepare(Settings(data=tmp_path, hub=Address(port=port)))


def test_an_inner_port_that_was_taken_meanwhile_is_replaced(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, hub=Address(port=0))
    first = runtime.prepare(settings)
    with socket.socket() as other:
        other.bind(("127.0.0.1", first.hub_api))
        other.listen()
        assert runtime.prepare(settings).hub_api != first.hub_api
