
import zc.zk.testing

from . import browser
from .pagecase import PageCase
from .system import TREE


class Services(PageCase):

    tree = TREE

    def test_cards(self):
        """Each service has a card with its type, providers and links."""
        self.system.serve('/shop/cart', '10.0.4.21:9010', version='2.0.1',
                          pid=811, monitor='10.0.4.21:99', weight=3)
        self.open('services')
        self.see('.card', '/shop/cart', 'wsgi', '1 ready', '10.0.4.21:9010',
                 '2.0.1', '811', '10.0.4.21:99', '3')
        self.see('.card', '/shop/cart', 'database', '/databases/orders')
        self.see('.card', '/databases/orders', 'Used by', '/shop/cart')
        self.see('.card', '/mail', '/relay', 'leads nowhere')
        self.see('.card', '/images', 'no providers')
        self.see('.count', '7 services', '1 provider ready')

    def test_live(self):
        """A card shows who comes, drains, fails its check and goes."""
        self.open('')
        self.see('.card', '/images', 'no providers')
        node = self.system.serve('/images', '10.0.4.41:80', pid=77)
        self.see('.card', '/images', '1 ready', '10.0.4.41:80', '77')
        self.run_script('document.querySelector(".providers tbody a")'
                        '.focus()')
        self.zk.client.set(node, b'{"pid":77,"weight":0}')
        self.see('.card', '/images', '1 draining')
        self.zk.client.set(node, b'{"pid":77,"healthy":false}')
        self.see('.card tr', '10.0.4.41:80', 'failing its check')
        self.focused('focus.innerText === "10.0.4.41:80"')
        self.zk.client.delete(node)
        self.see('.card', '/images', 'gone a moment ago')

    def test_others(self):
        """A change at one service touches no other card."""
        node = self.system.serve('/images', '10.0.4.41:80', pid=77)
        self.open('services')
        self.see('.card', '/images', '77')
        self.run_script('''
            window.touched = [];
            new MutationObserver((all) => window.touched.push(...all.map(
                ({ target }) => target.closest('.card')?.ariaLabel))).observe(
                    document.querySelector('.cards'),
                    { subtree: true, childList: true, attributes: true })''')
        self.zk.client.set(node, b'{"pid":78}')
        self.see('.card', '/images', '78')
        self.assertEqual({'/images'}, set(self.run_script(
            'return window.touched')))

    def test_appears(self):
        """A service that is made, and one that is deleted, show at once."""
        self.open('services')
        self.see('.count', '7 services')
        self.zk.import_tree('/new : wsgi\n  /providers\n')
        self.see('.card', '/new', 'wsgi')
        self.zk.delete_recursive('/new')
        self.see('.count', '7 services')
        self.see_none('.card h2', '/new')

    def test_filter(self):
        """A filter by path or type is part of the address."""
        self.open('services?only=postgres')
        self.see('.count', '2 services')
        self.write('#services-filter', 'SHOP')
        self.see('.card', '/shop/frontend')
        self.see_none('.card h2', '/databases/orders')
        self.assertIn('only=SHOP', self.driver.current_url)

    def test_many(self):
        """A card shows some of many providers, and all when asked."""
        for number in range(30):
            self.system.serve('/images', f'host:{number + 100}')
        self.open('services')
        self.see('.card', '/images', '30 ready')
        self.assertEqual(12, len(self.driver.find_elements(
            'css selector', '[aria-label="/images"] tbody tr')))
        self.click('[aria-label="/images"] .more button', 'Show all 30')
        self.see('.card', '/images', 'host:129')

    def test_history(self):
        """The browser goes back and forth between views."""
        self.open('services')
        self.click('.card h2 a', '/images')
        self.see('.crumbs', 'images')
        self.assertTrue(self.driver.current_url.endswith('/tree/images'))
        self.driver.back()
        self.see('.card', '/images')
        self.driver.forward()
        self.see('.crumbs', 'images')


class Architecture(PageCase):

    tree = TREE

    def places(self):
        return self.run_script(
            'return Object.fromEntries([...document.querySelectorAll('
            '".box")].map((box) => [box.dataset.id, '
            'box.getAttribute("transform")]))')

    def test_picture(self):
        """Services are boxes, links are arrows, missing ones are told."""
        self.system.serve('/images', '10.0.4.41:80')
        self.open('architecture')
        self.until('document.querySelectorAll(".box").length === 8')
        self.until('document.querySelectorAll(".arrow").length === 8')
        self.until('document.querySelector(".arrow.broken[data-to=\'/relay\']'
                   '")')
        self.until('document.querySelector("[data-id=\'/relay\']").textContent'
                   '.includes("is not there")')
        self.until('document.querySelector("[data-id=\'/images\']")'
                   '.textContent.includes("1 ready")')
        self.see('.count', '8 services, 8 links')
        self.click('.words summary', 'The same in words')
        self.see('.uses li', '/shop/cart uses /catalogue, /databases/orders')

    def test_stands_still(self):
        """Boxes stay where they are while others come and go."""
        self.open('architecture')
        self.until('document.querySelectorAll(".box").length === 8')
        before = self.places()
        self.zk.import_tree('/a : first\n  cart -> /shop/cart/providers\n'
                            '  /providers\n', trim=False)
        self.until('document.querySelector("[data-id=\'/a\']")')
        after = self.places()
        new = after.pop('/a')
        self.assertEqual(before, after)
        self.assertNotIn(new, before.values())
        self.zk.delete_recursive('/images')
        self.until('document.querySelector("[data-id=\'/images\']")'
                   '.textContent.includes("is not there")')
        self.zk.delete_recursive('/a')
        self.until('!document.querySelector("[data-id=\'/a\']")')
        self.assertEqual(before, self.places())

    def test_click(self):
        """A click on a box leads to the node."""
        self.open('architecture')
        self.click('.box[data-id="/shop/cart"]')
        self.see('.crumbs', 'cart')
        self.assertTrue(self.driver.current_url.endswith('/tree/shop/cart'))

    def test_layout(self):
        """Circles and long chains have a layout; users stand at the left."""
        self.open('architecture')
        found = self.driver.execute_async_script('''
            const done = arguments[arguments.length - 1];
            import(new URL('static/layout.js', document.baseURI)).then(
                ({ layout }) => {
                    const chain = [...Array(20000).keys()].map(String);
                    const places = layout(chain, chain.slice(1).map(
                        (to) => ({ from: String(to - 1), to })));
                    const circle = layout(['a', 'b'], [
                        { from: 'a', to: 'b' }, { from: 'b', to: 'a' }]);
                    done([places.get('19999').column,
                          circle.get('a').column, circle.get('b').column]);
                }, (error) => done(String(error)));
            ''')
        self.assertEqual([19999, 0, 1], found)


class Tree(PageCase):

    tree = TREE

    def test_node(self):
        """A node is shown whole: properties, links, ACL, stat, raw data."""
        self.open('tree/shop/frontend')
        self.see('.properties div', 'workers', '4')
        self.see('.about', 'service', '1 child')
        self.see('.resolved li', 'cart \u2192 /shop/cart/providers')
        self.see('.resolved li', 'greeting \u21d2 ../', 'is Good morning')
        self.run_script('document.querySelectorAll("details").forEach('
                        '(each) => { each.open = true; })')
        self.see('details', 'ACL', 'for world:anyone')
        self.see('details', 'Stat', 'Version of the data')
        self.see('details pre', '"workers":4')

    def test_steps(self):
        """A link is resolved step by step, and one that fails says why."""
        self.zk.import_tree('/one\n  to -> /two/x\n  lost -> /nowhere\n'
                            '/two\n  x -> /images/providers\n')
        self.open('tree/one')
        self.see('.resolved li', 'to', '/two/x', '/images/providers')
        self.see('.resolved .fault', '/nowhere')
        self.click('.steps a', '/images/providers')
        self.see('.crumbs', 'providers')

    def test_zone(self):
        """Times are in the reader's zone, named."""
        self.open('tree/images')
        self.click('summary', 'Stat')
        self.see('details', 'Changed at', 'CE')     # CET or CEST

    def test_live(self):
        """What is open follows: children, and the node that is shown."""
        self.open('tree/images')
        self.see('.rows .row', 'providers')
        self.zk.client.create('/images/fresh', b'{"type":"kind"}')
        self.see('.row', 'fresh', 'kind')
        self.see('.about', '2 children')
        self.zk.client.set('/images', b'{"cache_seconds":5,"more":[1,2]}')
        self.see('.properties div', 'more', '[ 1, 2 ]')
        self.zk.client.create('/images/fresh/below', b'')
        self.see('.row', 'fresh', '1')
        self.zk.delete_recursive('/images/fresh')
        self.see_none('.row', 'fresh')

    def test_not_there(self):
        """A node that is not there shows when it comes, and when it goes."""
        self.open('tree/images/later')
        self.see('.node', 'There is no such node')
        self.zk.client.create('/images/later', b'{"now":1}')
        self.see('.properties div', 'now', '1')
        self.zk.client.delete('/images/later')
        self.see('.node', 'There is no such node')

    def test_keyboard(self):
        """The arrow keys go through the tree, Enter chooses a node."""
        self.open('tree/')
        self.see('.row', 'shop')
        self.run_script('document.querySelector(".rows").focus()')
        self.press('HOME', 's')
        self.active('shop')
        self.press('ARROW_RIGHT')
        self.see('.row', 'cart')
        self.press('ARROW_DOWN')
        self.active('cart')
        self.press('ENTER')
        self.see('.crumbs [aria-current]', 'cart')
        self.until('document.querySelector("[aria-selected=true]")'
                   '.innerText.includes("cart")')
        self.active('cart')
        self.press('ARROW_LEFT', 'ARROW_LEFT')
        self.active('shop')
        self.press('ARROW_LEFT')
        self.see_none('.row', 'cart')
        self.press('END')
        self.active('shop')

    def active(self, text):
        """Wait until the keyboard is on the row with a text."""
        self.until(
            'document.getElementById(document.querySelector(".rows")'
            '.getAttribute("aria-activedescendant"))?.innerText'
            '.includes(arguments[0])', text)


class Many(PageCase):
    """A node with 10,000 children."""

    def setUp(self):
        super().setUp()
        # As text: a transaction for each would take longer than the test.
        names = ''.join(f'  /child-{number:05d}\n'
                        for number in range(10_000))
        self.zk.import_tree('/many\n' + names)
        zc.zk.testing.wait_until(
            lambda: self.system.page.picture.status()['nodes'] > 10_000,
            browser.PATIENCE)

    def test_children(self):
        """10,000 children scroll with few elements, and stay live."""
        self.open('tree/many')
        self.see('.row', 'child-00000')
        self.until('document.querySelector("[role=treeitem][aria-setsize=\''
                   '10000\']")')
        self.run_script('document.querySelector(".rows").focus()')
        self.press('END')
        self.until('document.querySelector(".rows").scrollTop > 100000')
        self.see('.row', 'child-09999')
        self.assertLess(self.run_script(
            'return document.querySelectorAll(".row").length'), 80)
        self.zk.client.create('/many/child-09999x', b'')
        self.until('document.querySelector("[role=treeitem][aria-setsize=\''
                   '10001\']")')
        self.press('END')
        self.see('.row', 'child-09999x')
        self.zk.client.delete('/many/child-05000')
        self.until('document.querySelector("[role=treeitem][aria-setsize=\''
                   '10000\']")')


class Events(PageCase):

    tree = TREE

    def test_events(self):
        """Events come at the top, with what, where and when."""
        self.open('events')
        self.see('.empty', 'Nothing has happened')
        node = self.system.serve('/images', 'one:80', pid=1)
        self.see('.event', 'came', node)
        self.zk.client.set(node, b'{"pid":2}')
        self.see('.event:nth-child(2)', 'changed', node)
        self.zk.client.delete(node)
        self.see('.event:nth-child(2)', 'went', node)
        self.assertTrue(self.run_script(
            'return /^\\d\\d:\\d\\d:\\d\\d$/.test(document.querySelector('
            '".event time").innerText)'))

    def test_filters(self):
        """Filters by path and kind are in the address."""
        self.open('events?path=/mail')
        self.see('.empty', 'Nothing')
        self.system.serve('/images', 'one:80')
        node = self.system.serve('/mail', 'two:80')
        self.see('.event', 'came', node)
        self.see_none('.event', '/images')
        self.click('.choice a', 'Went')
        self.see_none('.event', 'came')
        self.assertIn('path=%2Fmail&what=went', self.driver.current_url)
        self.zk.client.delete(node)
        self.see('.event', 'went', node)
        self.see_none('.event', 'came')

    def test_link(self):
        """An event leads to its node."""
        self.open('events')
        self.see('.empty', 'Nothing')
        self.system.serve('/images', 'one:80')
        self.click('.event a', '/images/providers/one:80')
        self.see('.crumbs', 'one:80')


class Search(PageCase):

    tree = TREE

    def test_search(self):
        """A slash focuses the box, results come while one types."""
        self.open('services')
        self.see('.card', '/images')
        self.press('/')
        self.focused('focus.id === "words"')
        self.press('86400')
        self.see('.found li', '/images', 'cache_seconds', '86400')
        self.focused('focus.id === "words"')
        self.assertTrue(self.driver.current_url.endswith('/search?q=86400'))
        self.press('ARROW_DOWN')
        self.focused('focus.innerText === "/images"')
        self.press('ARROW_UP')
        self.focused('focus.id === "words"')
        self.press('ARROW_DOWN', 'ENTER')
        self.see('.crumbs', 'images')

    def test_secrets(self):
        """A search finds the name of a secret, and never its value."""
        self.open('search?q=password')
        self.see('.found li', '/databases/orders', 'password')
        self.assertNotIn('ask the keeper', self.driver.page_source)
        self.open('search?q=keeper')
        self.see('.count', 'Nothing holds')


class Doctor(PageCase):

    tree = TREE

    def test_findings(self):
        """Findings are shown with what to do, and looked for again."""
        self.open('doctor')
        self.see('.finding', '/mail')
        self.see('.count', 'finding')
        self.zk.import_tree('/relay\n  /providers\n')
        self.click('button', 'Check again')
        self.see_none('.finding', '/relay')
