"""Whether all can use the page: by keyboard, by ear, on a phone, at night;
and that nothing in ZooKeeper can use it.

axe-core finds most of that.  Rules of our own are for what it leaves open, as
the contrast of texts in pictures.
"""
import json

from . import browser
from .pagecase import PageCase
from .system import SERVERS
from .system import TREE


#: The views, and what shows that each is loaded
VIEWS = {
    'services': '.card', 'architecture': '.box', 'tree/shop/cart': '.part',
    'events': '.event', 'doctor': '.doctor .count, .doctor .problem',
    'search?q=data': '.found li', 'plan': '#plan-text'}

#: The texts whose contrast is too low, by WCAG 2.2, 1.4.3.
CONTRAST = '''
    const number = (text) => text.match(/[\\d.]+/g).map(Number);
    const linear = (c) => (c /= 255) <= 0.04045 ? c / 12.92
        : ((c + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g)
        + 0.0722 * linear(b);
    const under = (element) => {
        for (let each = element; each; each = each.parentElement) {
            const color = number(getComputedStyle(each).backgroundColor);
            if (color.length < 4 || color[3] > 0) return color;
        }
        return [255, 255, 255];
    };
    const bad = [];
    const walker = document.createTreeWalker(
        document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.textContent.trim()
            || !element.checkVisibility() || element.closest('.unseen, '
                + 'script, noscript, title, [aria-hidden="true"]')) continue;
        const style = getComputedStyle(element);
        const drawn = element instanceof SVGElement;
        const back = drawn ? number(getComputedStyle(
            element.closest('.box').querySelector('rect')).fill)
            : under(element);
        const [a, b] = [light(number(drawn ? style.fill : style.color)),
            light(back)].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) bad.push(
            `${element.tagName}.${element.className} `
            + `${walker.currentNode.textContent}: ${ratio.toFixed(2)}`);
    }
    return bad;
'''

#: What axe-core finds against WCAG 2.2, levels A and AA, and good practice.
AXE = '''
    const done = arguments[0];
    axe.run({ resultTypes: ['violations'] }).then(
        ({ violations }) => done(violations.map(({ id, help, nodes }) =>
            `${id}: ${help}: ${nodes.map(({ html }) => html).join(', ')}`)),
        (error) => done([String(error)]));
'''

#: What a screen reader could not tell.
NAMES = '''
    const bad = [];
    const text = (id) => document.getElementById(id)?.textContent ?? '';
    for (const each of document.querySelectorAll('a[href], button, input, '
            + 'textarea, [role=tree], [role=region], nav, svg[role]')) {
        if (!each.checkVisibility()) continue;
        const name = each.getAttribute('aria-label')
            || [...each.labels ?? []].map((l) => l.textContent).join('')
            || (each.matches('a, button') && each.textContent)
            || each.querySelector?.('img[alt]')?.alt;
        if (!name || !name.trim()) bad.push(`no name: ${each.outerHTML}`);
    }
    for (const each of document.querySelectorAll('img:not([alt])')) {
        bad.push(`no alt: ${each.outerHTML}`);
    }
    const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
    for (const id of new Set(ids)) {
        if (ids.filter((each) => each === id).length > 1) {
            bad.push(`twice: ${id}`);
        }
    }
    for (const each of document.querySelectorAll('[role=treeitem]')) {
        if (!each.closest('[role=tree]') || !each.hasAttribute('aria-level')
            || !each.hasAttribute('aria-setsize')) {
            bad.push(`treeitem: ${each.outerHTML}`);
        }
    }
    for (const each of document.querySelectorAll('[aria-hidden=true]')) {
        if (each.querySelector('a, button, input')) {
            bad.push(`hidden control: ${each.outerHTML}`);
        }
    }
    const levels = [...document.querySelectorAll('h1, h2, h3')].filter(
        (h) => h.checkVisibility()).map((h) => Number(h.tagName[1]));
    if (levels.filter((level) => level === 1).length !== 1) {
        bad.push(`h1: ${levels}`);
    }
    levels.reduce((before, level) => {
        if (level > before + 1) bad.push(`heading skipped: ${levels}`);
        return level;
    }, 0);
    for (const [selector, role] of [['#banner', 'alert'],
            ['#announcer', 'status'], ['#search', 'search']]) {
        if (document.querySelector(selector).getAttribute('role') !== role) {
            bad.push(selector);
        }
    }
    if (!document.querySelector('main') || !document.querySelector('nav')
        || !document.documentElement.lang || !document.title) {
        bad.push('landmarks');
    }
    return bad;
'''


class Looks(PageCase):

    tree = TREE
    changes = True

    def setUp(self):
        super().setUp()
        for path, address, data in SERVERS:
            self.system.serve(path, address, **data)

    def test_views(self):
        """Texts stand out by day and by night, controls have names, headings
        their order, and on a phone nothing is wider than the screen.
        """
        for view, selector in VIEWS.items():
            browser.resize(self.driver, *browser.DESKTOP)
            self.open(view)
            self.until('document.querySelector(arguments[0])', selector)
            with self.subTest(view):
                self.assertEqual([], self.run_script(NAMES))
                for scheme in 'light', 'dark':
                    browser.scheme(self.driver, scheme)
                    self.assertEqual([], self.run_script(CONTRAST), scheme)
                browser.resize(self.driver, *browser.PHONE)
                self.until('document.documentElement.scrollWidth === 390')

    def test_axe(self):
        """axe-core finds no fault in any view, by day and by night."""
        axe = browser.axe()
        for view, selector in VIEWS.items():
            self.open(view)
            self.until('document.querySelector(arguments[0])', selector)
            self.run_script(axe)
            for scheme in 'light', 'dark':
                browser.scheme(self.driver, scheme)
                with self.subTest(view, scheme=scheme):
                    self.assertEqual([], self.driver.execute_async_script(
                        AXE))

    def test_focus(self):
        """Whatever Tab leads to is seen to have the focus."""
        self.open('services')
        self.see('.card', '/images')
        seen = set()
        for _ in range(14):
            self.press('TAB')
            seen.add(self.run_script(
                'return document.activeElement.innerText '
                '|| document.activeElement.id'))
            self.assertTrue(self.run_script('''
                const { outlineStyle, outlineWidth } = getComputedStyle(
                    document.activeElement);
                return outlineStyle !== 'none' && outlineWidth !== '0px';
                '''), seen)
        self.assertTrue({'Skip to the content', 'Services', 'Doctor',
                         'words', '/catalogue'} <= seen, seen)

    def test_skip(self):
        """The first Tab offers to skip to the content."""
        self.open('services')
        self.see('.card', '/images')
        self.press('TAB', 'ENTER')
        self.focused('focus.id === "main"')
        self.assertTrue(self.driver.current_url.endswith('/services'))

    def test_told(self):
        """A screen reader hears of what happens."""
        self.open('services')
        self.see('.card', '/mail')
        self.system.serve('/mail', '10.0.4.52:9100')
        self.until('document.getElementById("announcer").textContent === '
                   '"/mail: 2 ready of 2"')
        self.click('#views a', 'Tree')
        self.focused('focus.tagName === "H1" && focus.innerText === "Tree"')
        self.until('document.title.endsWith("zc.zk")')

    def test_without_script(self):
        """Without JavaScript the page leads to a tree that can be read."""
        self.driver.execute_cdp_cmd(
            'Emulation.setScriptExecutionDisabled', {'value': True})
        self.expected = {'favicon.ico'}
        try:
            self.open('services')
            self.driver.find_element(
                'css selector', 'noscript a').click()
            text = self.driver.find_element('css selector', 'body').text
        finally:
            self.driver.execute_cdp_cmd(
                'Emulation.setScriptExecutionDisabled', {'value': False})
        self.assertIn('databases', text)
        self.assertIn('shop', text)


SCRIPT = '<img src=x onerror="window.hacked=1"><script>hacked=1</script>'
TURNED = 'a\u202eb\u200bc\x1b[31mred\x07'


class Hostile(PageCase):

    def setUp(self):
        super().setUp()
        client = self.zk.client
        client.create('/providers-of', b'')
        name = '<b onclick=hacked()>x<'     # no slash can be in a name
        for service in f'/{name}', '/%2e%3Cb%3E?#&', '/\u202eturned\u200b':
            client.create(service, self.data(
                type=SCRIPT, note=TURNED, **{SCRIPT: SCRIPT}))
            client.create(f'{service}/providers', b'')
            client.create(f'{service}/providers/{name}', self.data(
                version=SCRIPT, pid=TURNED, monitor='javascript:hacked=1'))
        client.create('/links', self.data(
            **{'a ->': 'javascript:hacked=1', 'b ->': f'/{name}/providers',
               'c =>': f'/{name} {SCRIPT}', '__proto__': 1,
               'constructor': SCRIPT, 'toString': TURNED}))
        client.create('/binary', bytes(range(256)))
        client.create('/escapes', TURNED.encode('utf-8'))
        self.name = name

    @staticmethod
    def data(**properties):
        return json.dumps(properties).encode('utf-8')

    def test_views(self):
        """Nothing from ZooKeeper runs, is an element, or hides text."""
        quoted = self.run_script(
            'return encodeURIComponent(arguments[0])', self.name)
        views = ['services', 'architecture', 'events', 'search?q=hacked',
                 'doctor', f'tree/{quoted}', 'tree/links', 'tree/binary',
                 'tree/escapes', 'tree/%252e%253Cb%253E%3F%23%26',
                 f'tree/{quoted}/providers/{quoted}',
                 'tree/' + 'x' * 500, 'tree/%', 'events?what=constructor',
                 f'search?q={quoted}']
        for view in views:
            with self.subTest(view):
                self.open(view)
                self.until('document.querySelector("main h1")')
                if view == 'events':
                    self.system.zk.client.create(
                        f'/links/{self.name}', b'')
                    self.see('.event', self.name)
                if view == 'services':
                    self.see('.card', self.name, '<img src=x')
                if view == 'tree/escapes':
                    self.see('.node', 'a\u27e8U+202E\u27e9b\u27e8U+200B'
                             '\u27e9c\u241b[31mred\u2407')
                if view == 'tree/links':
                    self.see('.resolved li', 'javascript:hacked=1')
                    self.see('.properties div', 'constructor', '<img')
                if view.startswith('tree/%252e'):
                    self.see('.crumbs', '%2e%3Cb%3E?#&')
                    self.see('.properties div', 'note')
                self.run_script('document.querySelectorAll("details")'
                                '.forEach((each) => { each.open = true; })')
                self.until('document.readyState === "complete"')
                self.assertEqual([None, 0, False], self.run_script('''
                    return [window.hacked ?? null,
                        document.querySelectorAll('main img, main script, '
                            + 'main b, [onerror], [onclick], '
                            + '[href^="javascript:"]').length,
                        /[\\u001b\\u0007\\u202e\\u200b]/.test(
                            document.body.textContent)]'''))
