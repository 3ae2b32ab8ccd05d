"""What tests of the page in a browser share: one browser for all of them."""
from __future__ import annotations

import importlib
import unittest
from typing import Any

import zc.zk.testing

from . import browser
from .system import System


class Browser:
    """A layer: the browser is started once."""

    driver: Any = None

    @classmethod
    def setUp(cls) -> None:
        cls.driver = browser.start()

    @classmethod
    def tearDown(cls) -> None:
        cls.driver.quit()
        cls.driver = None


class PageCase(unittest.TestCase):
    """Looks at the page of a system; errors in the console are failures.

    :cvar tree: what the system has at first
    :cvar changes: whether the page may change it
    :cvar token: what readers must know; None: nothing
    """

    level = 2       # needs a browser
    layer = Browser
    tree = ''
    changes = False
    token: str | None = None

    def setUp(self):
        self.driver = Browser.driver
        #: Parts of messages of the browser that the test brings about
        self.expected = set()
        self.system = System(self.tree, self.changes, self.token)
        self.addCleanup(self.system.close)
        self.addCleanup(self.driver.get, 'about:blank')
        self.addCleanup(self.check_console)
        browser.resize(self.driver, *browser.DESKTOP)
        browser.scheme(self.driver, 'light')
        self.driver.get_log('browser')

    @property
    def zk(self):
        return self.system.zk

    def check_console(self):
        """No error, no warning of the policy, nothing from elsewhere."""
        wrong = [
            entry['message'] for entry in self.driver.get_log('browser')
            if not any(part in entry['message'] for part in self.expected)]
        self.assertEqual([], wrong)

    def open(self, view):
        """Load a view by its address."""
        self.driver.get(self.system.url + view)

    def run_script(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def until(self, script, *arguments):
        """Wait until an expression of JavaScript is true; return it."""
        found = []

        def true():
            found[:] = [self.run_script(f'return {script}', *arguments)]
            return bool(found[0])

        def state():
            return self.run_script('return document.body.innerText')[:1500]

        try:
            zc.zk.testing.wait_until(true, browser.PATIENCE)
        except AssertionError:
            self.fail(f'{script} {arguments} is {found}; page:\n{state()}')
        return found[0]

    def see(self, selector, *texts):
        """Wait until one element that matches shows all the texts."""
        return self.until(
            '[...document.querySelectorAll(arguments[0])].find((each) => '
            'arguments[1].every((text) => each.innerText.includes(text)))',
            selector, texts)

    def see_none(self, selector, *texts):
        """Wait until no element that matches shows all the texts."""
        self.until(
            '![...document.querySelectorAll(arguments[0])].some((each) => '
            'arguments[1].every((text) => each.innerText.includes(text)))',
            selector, texts)

    def click(self, selector, *texts):
        """Click on the element that shows the texts, when it is there.

        One that is made anew meanwhile is looked for again.
        """
        self.until(
            '(() => { const found = [...document.querySelectorAll('
            'arguments[0])].find((each) => arguments[1].every((text) => '
            '(each.getAttribute("aria-label") ?? "").includes(text) || '
            '(each.innerText ?? each.textContent).includes(text)));'
            'if (found?.click) { found.focus(); found.click(); } '
            'else found?.dispatchEvent(new MouseEvent("click", '
            '{bubbles: true, cancelable: true}));'
            'return found !== undefined })()', selector, texts)

    def write(self, selector, text):
        """Put a text into a field, as one who types does."""
        self.until('document.querySelector(arguments[0])', selector)
        self.run_script('''
            const field = document.querySelector(arguments[0]);
            field.focus();
            field.select();
            document.execCommand('insertText', false, arguments[1]);
            ''', selector, text)

    def press(self, *keys):
        """Press keys, by the names of selenium or as characters."""
        module = importlib.import_module('selenium.webdriver')
        names = importlib.import_module(
            'selenium.webdriver.common.keys').Keys
        chain = module.ActionChains(self.driver)
        for key in keys:
            chain.send_keys(getattr(names, key, key))
        chain.perform()

    def focused(self, script):
        """Wait until an expression of the focused element is true."""
        return self.until(
            f'((focus) => {script})(document.activeElement)')
