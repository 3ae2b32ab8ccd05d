"""Makes pictures of each view: ``make screenshots``.

``python -m zc.zk.tests.web.screenshots DIRECTORY [NAME ...]`` makes each
view, by day and by night, on a desktop and on a phone; with names only those
pictures.
"""
from __future__ import annotations

import pathlib
import sys
from typing import Any

import zc.zk.testing

from . import browser
from .system import SERVERS
from .system import System


#: The address of each view, and what shows that it is loaded
VIEWS = {
    'services': ('services', '.card'),
    'architecture': ('architecture', '.box'),
    'tree': ('tree/shop/cart', '.view:has(.row.chosen) .part'),
    'events': ('events', '.event'),
    'doctor': ('doctor', '.finding'),
    'search': ('search?q=database', '.found li'),
    'plan': ('plan', '.diff'),
    'conflict': ('tree/shop/cart', '.conflict'),
    'outage': ('services', '.banner p'),
}
SIZES = {'desktop': (1160, 760), 'phone': browser.PHONE}
PLAN = """\
/catalogue : wsgi
  languages = ['de', 'en', 'fr', 'pt']
  database -> /databases/products/providers
  images -> /images/providers
  /providers
/relay : smtp
  host = 'relay.example.com'
  /providers
"""


class Camera:
    """Makes pictures of one system."""

    def __init__(self, system: System, driver: Any) -> None:
        self.system = system
        self.driver = driver

    def take(self, view: str, scheme: str, size: str,
             file: pathlib.Path) -> None:
        """Make a picture."""
        browser.resize(self.driver, *SIZES[size])
        browser.scheme(self.driver, scheme)
        address, loaded = VIEWS[view]
        self.driver.get(self.system.url + address)
        prepare = getattr(self, f'_{view}', None)
        if prepare is not None:
            prepare()
        self._wait(loaded)
        # The first frame with all of it, and without what fades
        self.driver.execute_async_script(
            'const done = arguments[0]; document.fonts.ready.then(() => '
            'requestAnimationFrame(() => requestAnimationFrame(done)))')
        file.write_bytes(self.driver.get_screenshot_as_png())
        if view == 'outage':
            self.system.server.refuse(False)

    def _wait(self, selector: str) -> None:
        zc.zk.testing.wait_until(
            lambda: self.driver.execute_script(
                'return document.querySelector(arguments[0]) !== null '
                '&& document.querySelector(".connection.lost, '
                '.connection .ready") !== null', selector),
            browser.PATIENCE, f'no {selector}')

    def _click(self, selector: str) -> None:
        self._wait(selector)
        self.driver.execute_script(
            'document.querySelector(arguments[0]).click()', selector)

    def _plan(self) -> None:
        self._wait('.connection .ready')
        self.driver.execute_script(
            'document.getElementById("plan-text").value = arguments[0]',
            PLAN)
        self._click('.planned form .primary')
        self._wait('.diff')
        self.driver.execute_script(
            'document.querySelector(".result").scrollIntoView('
            '{block: "end"})')

    def _conflict(self) -> None:
        self._click('[aria-label="Change the properties"]')
        self._wait('[aria-label="Value of timeout"]')
        self.driver.execute_script(
            'document.querySelector(arguments[0]).value = "10.5"',
            '[aria-label="Value of timeout"]')
        seconds = self.system.zk.properties('/shop/cart')
        seconds.update(timeout=seconds['timeout'] + 0.5)
        self._click('.editor .buttons .primary')
        self._wait('.conflict')
        self.driver.execute_script(
            'document.querySelector(".conflict").scrollIntoView('
            '{block: "end"})')

    def _outage(self) -> None:
        self._wait('.card')
        self.system.server.refuse()
        self.system.server.drop_connections()


def main(arguments: list[str]) -> None:
    directory = pathlib.Path(arguments[0])
    directory.mkdir(parents=True, exist_ok=True)
    wanted = arguments[1:]
    system = System(changes=True)
    driver = browser.start()
    try:
        for path, address, data in SERVERS:
            system.serve(path, address, **data)
        system.zk.set('/images', b'{"type":"static","cache_seconds":3600}')
        camera = Camera(system, driver)
        for view in VIEWS:
            for scheme in 'light', 'dark':
                for size in SIZES:
                    name = f'page-{view}-{scheme}-{size}'
                    if not wanted or name in wanted:
                        camera.take(view, scheme, size,
                                    directory / f'{name}.png')
    finally:
        driver.quit()
        system.close()


if __name__ == '__main__':
    main(sys.argv[1:])
