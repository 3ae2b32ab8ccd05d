"""What a browser keeps from those who should not see it."""
from __future__ import annotations

import json
import logging

from .pagecase import PageCase
from .system import TREE


TOKEN = 'a token/of&some=length+%41'


class Login(PageCase):

    tree = '/site : web\n  greeting = "Hello"\n  /providers\n'
    token = TOKEN

    def setUp(self):
        super().setUp()
        self.addCleanup(self.driver.delete_all_cookies)
        # The browser says of each page that asks for the token what status
        # it has.
        self.expected = {'status of 401'}

    def log_in(self, token):
        """Do as one who types does."""
        self.write('#token', token)
        self.press('ENTER')

    def test_token(self):
        """A reader is asked for the token, and is in who knows it; the token
        is then in no address, page, log or place that scripts can read.
        """
        with self.assertLogs(level=logging.DEBUG) as logs:
            logging.debug('the first')
            self.open('services')
            self.see('label', 'The token from the file')
            self.see_none('body', '/site')
            self.log_in('not the token at all')
            self.see('[role=alert]', 'This is not the token')
            self.see_none('body', '/site')
            self.log_in(TOKEN)
            self.see('.card', '/site')
            self.open('tree/site')
            self.see('.node', 'greeting', 'Hello')
        self.assertEqual(['', ''], self.run_script(
            'return [document.cookie, location.search]'))
        # The driver says what it types.
        self.assertNotIn(TOKEN[:7], '\n'.join(
            record.getMessage() for record in logs.records
            if not record.name.startswith(('selenium.', 'urllib3.'))))
        self.assertNotIn(TOKEN[:7], self.driver.page_source)
        self.assertEqual([], self.run_script('''
            return [...performance.getEntriesByType("resource"),
                    ...performance.getEntriesByType("navigation")]
                .map(({ name }) => name)
                .filter((name) => name.includes(arguments[0]))''',
            TOKEN[:7]))

    def test_link(self):
        """Who is in stays so when a page from elsewhere leads here."""
        self.open('')
        self.log_in(TOKEN)
        self.see('.card', '/site')
        self.driver.get(self.system.url.replace('127.0.0.1', 'localhost'))
        self.see('label', 'The token from the file')
        self.run_script('location.assign(arguments[0])',
                        self.system.url + 'tree/site')
        self.see('.node', 'greeting', 'Hello')

    def test_keyboard(self):
        """The field has the keyboard as soon as the page is there."""
        self.open('')
        self.focused('focus.id === "token"')


class Secrets(PageCase):

    tree = TREE

    def test_click(self):
        """A secret is not on the page before a click, nor after another."""
        self.open('tree/databases/orders')
        self.see('.properties div', 'password', 'Show')
        self.run_script('document.querySelectorAll("details").forEach('
                        '(each) => { each.open = true; })')
        self.assertNotIn('ask the keeper', self.driver.page_source)
        self.click('.secret button', 'Show the value of password')
        self.see('.properties div', 'password', 'ask the keeper')
        self.click('.secret button', 'Hide the value of password')
        self.see_none('.properties div', 'ask the keeper')
        self.assertNotIn('ask the keeper', self.driver.page_source)

    def test_raw(self):
        """Raw data with a secret in them are hidden as well."""
        self.open('tree/databases/orders')
        self.click('summary', 'Raw data')
        self.click('.secret button', 'Show the raw data')
        value = self.see('details .value', 'ask the keeper').text
        self.assertEqual('ask the keeper', json.loads(value)['password'])
