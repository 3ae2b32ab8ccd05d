import json

import zc.zk.testing

from . import browser
from .pagecase import PageCase
from .system import TREE


class Outage(PageCase):

    tree = TREE

    def test_zookeeper(self):
        """The loss of ZooKeeper shows, and what was missed comes after."""
        self.open('services')
        self.see('.card', '/images', 'no providers')
        self.see('.connection', 'Live')
        self.system.server.refuse()
        self.system.server.drop_connections()
        self.see('.banner', 'There is no connection to ZooKeeper', 'As of')
        self.until('document.body.classList.contains("stale")')
        self.see('.connection', 'Not connected')
        self.see('.card', '/images', 'no providers')
        self.system.server.refuse(False)
        self.system.serve('/images', 'one:80')
        self.see('.card', '/images', '1 ready', 'one:80')
        self.until('!document.body.classList.contains("stale")')
        self.until('document.getElementById("banner").hidden')
        self.see('.connection', 'Live')

    def test_server(self):
        """The page goes on by itself when its server is back."""
        self.open('events')
        self.see('.empty', 'Nothing')
        self.expected = {'ERR_'}        # of the network, while it is gone
        self.system.stop_page()
        self.see('.connection', 'Not connected')
        self.see('.banner', 'The server of this page does not answer')
        self.system.start_page()
        self.see('.connection', 'Live')
        node = self.system.serve('/images', 'one:80')
        self.see('.event', 'came', node)
        self.see('.connection', 'Live')


class Pages(PageCase):

    tree = TREE

    def test_two(self):
        """Two pages show the same change."""
        self.open('services')
        self.see('.card', '/images', 'no providers')
        first = self.driver.current_window_handle
        self.driver.switch_to.new_window('window')
        try:
            self.open('tree/images/providers')
            self.see('.row', 'providers')
            self.system.serve('/images', 'one:80')
            self.see('.row', 'one:80')
            self.check_console()
        finally:
            self.driver.close()
            self.driver.switch_to.window(first)
        self.see('.card', '/images', '1 ready')

    def test_asleep(self):
        """A page that nobody looks at has no stream, and catches up."""
        self.open('services')
        self.see('.card', '/images', 'no providers')
        self.see('.connection', 'Live')
        self.turn('hidden')
        self.wait_streams(0)
        self.system.serve('/images', 'one:80')
        self.turn('visible')
        self.see('.card', '/images', '1 ready')
        self.wait_streams(1)

    def wait_streams(self, count):
        """Wait until the server has so many open streams."""
        zc.zk.testing.wait_until(
            lambda: len(self.system.page.hub) == count, browser.PATIENCE)

    def turn(self, state):
        """Have the page think that it is seen, or not."""
        self.run_script('''
            Object.defineProperty(document, 'visibilityState',
                { value: arguments[0], configurable: true });
            document.dispatchEvent(new Event('visibilitychange'));
            ''', state)


class Changes(PageCase):

    tree = TREE
    changes = True

    def properties(self, path):
        return json.loads(self.zk.get(path)[0])

    def test_properties(self):
        """Properties are changed, added and removed; secrets are kept."""
        self.open('tree/databases/orders')
        self.click('button', 'Change the properties')
        self.see('.edit', 'hidden, stays as it is')
        self.write('[aria-label="Value of name"]', 'accounts')
        self.click('button', 'Add a property')
        self.write('.edit:last-child .key', 'size')
        self.write('.edit:last-child textarea', '12')
        self.click('button', 'Remove type')
        self.click('button', 'Save')
        self.see('.properties div', 'size', '12')
        self.assertEqual(
            dict(name='accounts', size=12, password='ask the keeper'),
            self.properties('/databases/orders'))

    def test_text(self):
        """A text that looks like a number stays a text."""
        self.zk.client.set('/images', b'{"code":"12"}')
        self.open('tree/images')
        self.see('.properties div', 'code')
        self.click('button', 'Change the properties')
        self.click('button', 'Save')
        self.see('.properties div', 'code')
        self.assertEqual(dict(code='12'), self.properties('/images'))

    def test_conflict(self):
        """If someone else was faster, both are shown; either can win."""
        self.expected = {'status of 409'}
        self.open('tree/images')
        self.click('button', 'Change the properties')
        self.write('[aria-label="Value of cache_seconds"]', '1')
        self.zk.client.set('/images', b'{"cache_seconds":2,"other":3}')
        self.click('button', 'Save')
        self.see('.conflict tr.differs', 'cache_seconds', '1', '2')
        self.see('.conflict tr.differs', 'other', 'not there', '3')
        self.click('button', 'Write mine over it')
        self.see('.properties div', 'cache_seconds', '1')
        self.assertEqual(1, self.properties('/images')['cache_seconds'])
        self.click('button', 'Change the properties')
        self.write('[aria-label="Value of cache_seconds"]', '5')
        self.zk.client.set('/images', b'{"cache_seconds":6}')
        self.click('button', 'Save')
        self.click('button', 'Keep theirs')
        self.see('.properties div', 'cache_seconds', '6')
        self.assertEqual(
            dict(cache_seconds=6), self.properties('/images'))

    def test_drain(self):
        """A provider is drained, taken back and weighed by overrides."""
        self.system.serve('/images', 'one:80', pid=1)
        self.open('services')
        self.click('button', 'Drain one:80')
        self.see('.card tr', 'one:80', 'draining')
        self.assertEqual(
            [dict(name='one:80', weight=0)],
            self.properties('/images/providers')['overrides'])
        self.click('button', 'Take one:80 back')
        self.see('.card tr', 'one:80', 'ready')
        self.click('button', 'Change the weight of one:80')
        self.write('.weight-input', '2.5')
        self.press('ENTER')
        self.see('.card tr', 'one:80', '2.5')
        self.assertEqual(
            dict(pid=1), self.properties('/images/providers/one:80'))

    def test_links(self):
        """A link is added and removed; a bad one is refused with a reason."""
        self.expected = {'status of 422'}
        self.open('tree/images')
        self.click('button', 'Add a link')
        self.write('[aria-label="Name of the link"]', 'd/b')
        self.write('[aria-label="Path that it leads to"]', '/databases')
        self.click('button', 'Save')
        self.see('.problem', 'd/b')
        self.write('[aria-label="Name of the link"]', 'db')
        self.click('button', 'Save')
        self.see('.resolved li', 'db', '/databases')
        self.assertEqual('/databases', self.properties('/images')['db ->'])
        self.click('button', 'Remove the link db')
        self.see_none('.resolved li', 'db')
        self.assertNotIn('db ->', self.properties('/images'))

    def test_escape(self):
        """Escape leaves a form, and the keyboard is where it was before."""
        self.open('tree/shop/cart')
        for label, form in (('Change the properties', '.editor'),
                            ('Add a link\u2026', '.add form')):
            self.click('.node button', label)
            self.see(form)
            self.press('ESCAPE')
            self.see_none(form)
            self.focused('(focus.ariaLabel ?? focus.innerText) === '
                         f'"{label}"')

    def test_plan(self):
        """The changes that a text would make are shown, then applied."""
        self.open('plan')
        self.write('#plan-text',
                   '/images : static\n  cache_seconds = 60\n/fresh\n')
        self.click('button', 'Show the changes')
        self.see('.diff .plus', 'cache_seconds = 60')
        self.see('.diff .minus', 'cache_seconds = 86400')
        self.see('.diff .plus', 'fresh')
        self.assertFalse(self.zk.exists('/fresh'))
        self.click('button', 'Apply')
        self.see('.result', 'The plan is applied')
        self.assertTrue(self.zk.exists('/fresh'))
        self.assertEqual(60, self.properties('/images')['cache_seconds'])

    def test_bad_text(self):
        """A text that is no tree is refused with its line."""
        self.expected = {'status of 422'}
        self.open('plan')
        self.write('#plan-text', '/images\n  no value\n')
        self.click('button', 'Show the changes')
        self.see('.result .fault', '2')


class Unchanging(PageCase):

    tree = TREE

    def test_nothing(self):
        """Without --allow-changes nothing offers to change anything."""
        self.system.serve('/images', 'one:80')
        self.open('services')
        self.see('.card', 'one:80')
        self.assertEqual([], self.driver.find_elements(
            'css selector', '.actions button'))
        self.until('document.getElementById("plan-link").hidden')
        self.open('tree/images')
        self.see('.properties div', 'cache_seconds')
        self.see_none('.node button', '')
        self.open('plan')
        self.see('.result', 'Changes are not allowed here')
