"""Signing in at a real JupyterHub: pages by OAuth with PKCE, the exchange by a person's token."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from jupyterhub.services.auth import HubOAuth

from campus import runtime
from campus.portal.api import exchange_router
from campus.portal.app import create_app
from campus.portal.signin import HubSignin, Places
from campus.processes import wait_until
from campus.runtime import Runtime
from campus.settings import Settings
from grader.exchange.server import ExchangeService
from grader.store import Store
from tests.service.portal_room import BUNDLE, COURSE, PREFIX, Gradebook, HubDouble, NoFeedback, served

PEOPLE = [("learner-nord", "learner"), ("instructor-nord", "instructor"), ("admin-nord", "admin")]

#: The hub as it is configured, without a proxy: the test knocks at hub and portal themselves.
CONFIG = """\
import os
from pathlib import Path

from jupyterhub.proxy import Proxy

from campus import runtime, settings
from campus.hub import configure


class NoProxy(Proxy):
    should_start = False

    async def add_route(self, routespec, target, data): ...

    async def delete_route(self, routespec): ...

    async def get_all_routes(self):
        return {}


c = get_config()
loaded = settings.load()
configure(c, loaded, runtime.read(loaded))
c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.services = [one for one in c.JupyterHub.services if one["name"] == "portal"]
c.JupyterHub.load_roles = [one for one in c.JupyterHub.load_roles if one["name"] != "culler"]
"""


@dataclass
class House:
    """A hub and a portal, each at its own port."""

    hub: str
    portal: str
    here: Runtime


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    settings = Settings.model_validate(
        {
            "data": folder / "data",
            "hub": {"port": 0},
            "tenants": [
                {
                    "id": "nord",
                    "name": {"de": "Nord", "en": "North"},
                    "courses": [{"id": "first-kernels"}],
                    "signin": {"demo": {"people": [{"name": n, "role": r} for n, r in PEOPLE]}},
                }
            ],
        }
    )
    here = runtime.prepare(settings)
    (settings.data / "hub").mkdir()
    (folder / "settings.yaml").write_text(settings.model_dump_json(), encoding="utf-8")
    (folder / "hub.py").write_text(CONFIG, encoding="utf-8")
    output = (folder / "hub.log").open("wb")
    hub = subprocess.Popen(
        [sys.executable, "-m", "jupyterhub", "-f", str(folder / "hub.py")],
        env=os.environ | {"LEHRWERK_SETTINGS": str(folder / "settings.yaml")},
        cwd=Path(__file__).parents[2],
        stdout=output,
        stderr=subprocess.STDOUT,
    )
    hub_url = f"http://{here.host}:{here.hub_api}"

    def answers() -> bool:
        assert hub.poll() is None, (folder / "hub.log").read_text()
        try:
            return httpx.get(f"{hub_url}/hub/health").status_code == 200
        except httpx.TransportError:
            return False

    try:
        assert wait_until(answers, 60), (folder / "hub.log").read_text()
        store = Store(settings.database_url)
        store.migrate()
        store.publish(COURSE, BUNDLE, b"", "ab" * 32, "start")
        auth = HubSignin(
            here.session_secret,
            Places(),
            HubOAuth(
                api_token=here.portal_token,
                api_url=f"{hub_url}/hub/api",
                base_url=PREFIX,
                hub_prefix="/hub/",
                oauth_client_id="service-portal",
                access_scopes={"access:services!service=portal"},
            ),
        )

        service = ExchangeService(store, NoFeedback(), settings.limits)
        app = create_app(
            settings,
            store,
            Gradebook(),  # type: ignore[arg-type]
            auth,
            places=Places(),
            servers=HubDouble(),
            exchange=exchange_router(service, auth),
        )
        with served(app) as portal_url:
            yield House(hub_url, portal_url.removesuffix(PREFIX), here)
    finally:
        hub.send_signal(signal.SIGTERM)
        hub.wait()
        output.close()


def browser() -> httpx.Client:
    return httpx.Client(headers={"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}, timeout=30)


def follow(house: House, tab: httpx.Client, path: str) -> httpx.Response:
    """Go where a browser behind the proxy would: /hub/ to the hub, the rest to the portal."""
    for _ in range(12):
        answer = tab.get((house.hub if path.startswith("/hub/") else house.portal) + path)
        if not answer.is_redirect:
            return answer
        target = urlsplit(answer.headers["location"])
        path = target.path + (f"?{target.query}" if target.query else "")
    raise AssertionError(f"too many redirects, last to {path}")


def sign_in(house: House, tab: httpx.Client, name: str, path: str = PREFIX) -> httpx.Response:
    form = follow(house, tab, path)
    action = re.search(r'action="([^"]+)"', form.text)
    assert action, form.text
    answer = tab.post(
        house.hub + action.group(1).replace("&amp;", "&"),
        data={"username": name, "password": house.here.demo_password, "_xsrf": tab.cookies["_xsrf"]},
    )
    assert answer.is_redirect, answer.text
    return follow(house, tab, answer.headers["location"])


def token_of(house: House, name: str, tab: httpx.Client) -> str:
    """A token as a person's own server has one."""
    answer = tab.post(
        f"{house.hub}/hub/api/users/{name}/tokens",
        json={"note": "test"},
        headers={"X-XSRFToken": tab.cookies.get("_xsrf", path="/hub/"), "Referer": f"{house.hub}/hub/token"},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def test_a_learner_signs_in_and_lands_where_they_wanted(house):
    with browser() as tab:
        page = sign_in(house, tab, "learner-nord", f"{PREFIX}courses/{COURSE}?lang=de")
        assert page.status_code == 200
        assert "Eine Abbildung mit Wächter" in page.text
        assert "Im Labor öffnen" in page.text
        assert tab.get(f"{house.portal}{PREFIX}operation").status_code == 403
        cookies = {cookie.name: cookie for cookie in tab.cookies.jar if cookie.path == PREFIX}
        session = cookies["lehrwerk-session"]
        assert session.has_nonstandard_attr("HttpOnly")
        assert "lehrwerk-signin" not in cookies


def test_groups_of_the_hub_decide(house):
    with browser() as tab:
        assert "Operation" in sign_in(house, tab, "admin-nord").text
        assert tab.get(f"{house.portal}{PREFIX}operation").status_code == 200
    with browser() as tab:
        sign_in(house, tab, "instructor-nord")
        assert tab.get(f"{house.portal}{PREFIX}courses/{COURSE}/submissions").status_code == 200


def test_a_changed_cookie_signs_nobody_in(house):
    with browser() as tab:
        sign_in(house, tab, "learner-nord")
        (session,) = [one.value for one in tab.cookies.jar if one.name == "lehrwerk-session"]
    for forged in (session[:-1] + ("0" if session[-1] != "0" else "1"), "x", session.replace("|", "")):
        answer = httpx.get(f"{house.portal}{PREFIX}", cookies={"lehrwerk-session": forged})
        assert answer.status_code == 303


def test_the_sign_in_uses_pkce_and_a_state_of_its_own(house):
    seen = set()
    for _ in range(2):
        answer = httpx.get(f"{house.portal}{PREFIX}")
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        assert query["code_challenge_method"] == ["S256"]
        assert query["redirect_uri"] == [f"{PREFIX}oauth_callback"]
        seen |= {query["state"][0], query["code_challenge"][0]}
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert f"Path={PREFIX}" in answer.headers["set-cookie"]
    assert len(seen) == 4


@pytest.mark.parametrize(
    "query", ["", "?code=abc", "?code=abc&state=xyz", "?error=access_denied&state=xyz", "?code=abc&state=%C3%BC"]
)
def test_a_callback_that_was_not_asked_for_is_refused(house, query):
    with browser() as tab:
        tab.get(f"{house.portal}{PREFIX}")
        answer = tab.get(f"{house.portal}{PREFIX}oauth_callback{query}", headers={"Accept-Language": "en"})
        assert answer.status_code == 403
        assert "Signing in did not work" in answer.text


def test_the_code_of_one_browser_is_worth_nothing_in_another(house):
    with browser() as victim, browser() as attacker:
        sign_in(house, attacker, "learner-nord")
        attacker.cookies.delete("lehrwerk-session", path=PREFIX)
        begun = attacker.get(f"{house.portal}{PREFIX}")
        callback = urlsplit(attacker.get(house.hub + begun.headers["location"]).headers["location"])
        assert "code=" in callback.query
        victim.get(f"{house.portal}{PREFIX}")
        answer = victim.get(f"{house.portal}{callback.path}?{callback.query}")
        assert answer.status_code == 403
        assert "lehrwerk-session" not in {cookie.name for cookie in victim.cookies.jar}


def test_the_exchange_takes_tokens_and_no_cookies(house):
    with browser() as tab:
        sign_in(house, tab, "learner-nord")
        assert tab.get(f"{house.portal}{PREFIX}api/me").status_code == 401
        token = token_of(house, "learner-nord", tab)
    ask = f"{house.portal}{PREFIX}api/me"
    answer = httpx.get(ask, headers={"Authorization": f"token {token}"})
    assert answer.status_code == 200
    assert answer.json()["name"] == "learner-nord"
    courses = httpx.get(ask.replace("/me", "/courses"), headers={"Authorization": f"token {token}"})
    assert [course["id"] for course in courses.json()] == [COURSE]
    for wrong in (f"token {token}x", "token", token, f"Basic {token}", f"token {house.here.portal_token}"):
        assert httpx.get(ask, headers={"Authorization": wrong}).status_code == 401
    assert httpx.get(f"{ask}?token={token}").status_code == 401


def test_signing_out_forgets_the_session(house):
    with browser() as tab:
        page = sign_in(house, tab, "learner-nord")
        csrf = re.search(r'name="csrf" value="([^"]+)"', page.text).group(1)
        answer = tab.post(f"{house.portal}{PREFIX}sign-out", data={"csrf": csrf})
        assert answer.headers["location"] == "/hub/logout"
        assert "lehrwerk-session" not in {cookie.name for cookie in tab.cookies.jar}


def test_a_hub_that_is_away_is_said(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    store.migrate()
    away = HubOAuth(
        api_token="t", api_url="http://127.0.0.1:1/hub/api", base_url=PREFIX, oauth_client_id="service-portal"
    )
    auth = HubSignin("secret", Places(), away)
    app = create_app(Settings(), store, Gradebook(), auth, places=Places(), servers=HubDouble())  # type: ignore[arg-type]
    cookie = auth._sign("lehrwerk-session", "sometoken")
    with served(app) as url:
        answer = httpx.get(url, cookies={"lehrwerk-session": cookie}, headers={"Accept-Language": "en"})
        assert answer.status_code == 503
        assert "The hub does not answer" in answer.text
        assert httpx.get(f"{url}health").text == "ok"
