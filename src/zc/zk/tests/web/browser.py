"""A browser without a window, driven by selenium: Debian's chromium.

Selenium is imported when it is needed: those who run other tests need
neither.
"""
from __future__ import annotations

import importlib
import importlib.util
import os
import pathlib
import shutil
from typing import Any


#: Seconds that a page may take on a slow machine.
PATIENCE = 60.0
DESKTOP = (1280, 860)
PHONE = (390, 844)


def start(locale: str = 'en-GB', zone: str = 'Europe/Berlin') -> Any:
    """Start a browser, which downloads nothing; its `quit` ends it."""
    # Selenium would ask a server for a driver.
    os.environ['SE_OFFLINE'] = 'true'
    webdriver = importlib.import_module('selenium.webdriver')
    service = importlib.import_module(
        'selenium.webdriver.chrome.service')
    options = webdriver.ChromeOptions()
    options.binary_location = _program('chromium')
    for argument in (
            '--headless=new', '--no-sandbox', '--disable-dev-shm-usage',
            '--disable-gpu', '--hide-scrollbars', '--no-first-run',
            '--disable-background-networking', '--disable-sync',
            '--disable-component-update', '--disable-extensions',
            f'--window-size={DESKTOP[0]},{DESKTOP[1]}'):
        options.add_argument(argument)
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    driver = webdriver.Chrome(
        options=options, service=service.Service(_program('chromedriver')))
    driver.set_page_load_timeout(PATIENCE)
    driver.set_script_timeout(PATIENCE)
    driver.execute_cdp_cmd(
        'Emulation.setTimezoneOverride', {'timezoneId': zone})
    driver.execute_cdp_cmd('Emulation.setLocaleOverride', {'locale': locale})
    return driver


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise AssertionError(
            f'{name} is not on PATH; on Debian: '
            'apt-get install chromium chromium-driver')
    return found


def axe() -> str:
    """Return axe-core, as the package axe-playwright-python brings it.

    The package itself, which needs another driver, is not imported.
    """
    spec = importlib.util.find_spec('axe_playwright_python')
    if spec is None:
        raise AssertionError(
            'axe-core is missing; make .venv/browser installs it')
    directory = pathlib.Path(str(spec.origin)).parent
    return directory.joinpath('axe.min.js').read_text('utf-8')


def resize(driver: Any, width: int, height: int, scale: float = 1) -> None:
    """Give the page another size, as a phone or a screen has it."""
    driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', {
        'width': width, 'height': height, 'deviceScaleFactor': scale,
        'mobile': width < 600})
    driver.execute_cdp_cmd(
        'Emulation.setTouchEmulationEnabled', {'enabled': width < 600})


def scheme(driver: Any, name: str) -> None:
    """Ask for a dark or a light page."""
    driver.execute_cdp_cmd('Emulation.setEmulatedMedia', {
        'features': [{'name': 'prefers-color-scheme', 'value': name}]})
