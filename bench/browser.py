"""What readers of a live page see, in a real browser.

    python bench/browser.py [--pages 10] [--changes 60] [--services 50]
                            [--servers 20] [--nodes 100000]

``zczk web`` runs in a process of its own, on an embedded ZooKeeper server in
a third one.  So many pages are open in windows of chromium, half of them at
the services and half at a node.  Each has the server by another name: a
browser has few connections to one, and pages of several readers do not share
them.  A property of that node is written again and again; told is how long it
takes until each page shows it.  Then one page shows a tree of so many nodes,
10,000 of them at one node: how long each step takes, and the longest task of
the browser's thread in it, during which the page does not answer.  Needs
chromium and chromedriver.  Imported by nothing.
"""
from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

from page import start

import zc.zk
from zc.zk.tests.web import browser


PATIENCE = 60.0
# Seconds from one change to the next: ten browsers share the processors here
PAUSE = 1.0
CHILDREN = 10_000
# One that its card shows at once
NODE = '/s7/providers/10.0.7.1:80'
# Says when each text of the form v-1 came, by the clock that Python reads.
WATCH = """
    window.came = {};
    new MutationObserver((changes) => {
        const now = performance.timeOrigin + performance.now();
        for (const { target, addedNodes } of changes) {
            for (const each of [target, ...addedNodes]) {
                for (const [text] of each.textContent.matchAll(/v-\\d+/g)) {
                    window.came[text] ??= now;
                }
            }
        }
    }).observe(document.body,
        { subtree: true, childList: true, characterData: true });
"""
# A task of less than 50 ms is none that the browser tells of.
TASKS = """
    window.tasks = [];
    new PerformanceObserver((list) => window.tasks.push(
        ...list.getEntries().map(({ duration }) => duration))).observe(
            { type: 'longtask', buffered: true });
"""
FRAME = """
    const done = arguments[0];
    requestAnimationFrame(() => setTimeout(() => setTimeout(done)));
"""


def until(driver: Any, script: str, *arguments: Any) -> Any:
    """Wait until an expression of JavaScript is true; return its value."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = driver.execute_script(f'return {script}', *arguments)
        if found:
            return found
        time.sleep(0.005)
    raise SystemExit(f'waited {PATIENCE:.0f} s for {script}')


@contextlib.contextmanager
def system(
    text: str, names: Sequence[str] = ()
) -> Iterator[tuple[zc.zk.ZooKeeper, str]]:
    """Start a server with a tree, and the page of it.

    :param names: of the page, beside the usual ones
    """
    processes = []
    with tempfile.NamedTemporaryFile('w', suffix='.txt') as tree:
        tree.write(text)
        tree.flush()
        try:
            server, address = start(
                'server', '--port', '0', '--tree', tree.name)
            processes.append(server)
            web, url = start('-z', address, 'web', '--port', '0', *(
                f'--name={name}' for name in names))
            processes.append(web)
            with zc.zk.ZooKeeper(address) as zk:
                yield zk, url
        finally:
            for process in processes:
                process.terminate()
                process.wait(30)


def services(count: int, servers: int) -> str:
    """Return a tree of services."""
    lines = []
    for service in range(count):
        lines += [f'/s{service} : web', '  /providers']
        for server in range(servers):
            lines += [f'    /10.0.{service}.{server}:80', '      pid = 1',
                      "      version = 'first'"]
    return '\n'.join(lines) + '\n'


def large(nodes: int) -> str:
    """Return a tree of many nodes, CHILDREN of them at one."""
    lines = ['/many']
    lines += [f'  /child-{number:05d}\n    number = {number}'
              for number in range(CHILDREN)]
    left = nodes - CHILDREN
    for place in range(0, left, 100):
        lines.append(f'/place-{place // 100:04d}')
        lines += [f"  /node-{number:03d}\n    name = 'node {place + number}'"
                  for number in range(min(100, left - place))]
    return '\n'.join(lines) + '\n'


def readers(driver: Any, url: str, names: Sequence[str]) -> list[str]:
    """Open a window for each name of the page."""
    handles = []
    for number, name in enumerate(names):
        driver.switch_to.new_window('window')
        driver.get(url.replace('127.0.0.1', name) + (
            f'tree{NODE}' if number % 2 else 'services'))
        until(driver, 'document.querySelector(".node, .card") !== null '
              '&& document.body.innerText.includes("first")')
        driver.execute_script(WATCH)
        handles.append(driver.current_window_handle)
    return handles


def live(driver: Any, options: argparse.Namespace) -> None:
    """Measure from a write until all pages show it."""
    delays: dict[str, list[float]] = {'services': [], 'node': []}
    # A browser takes these for the machine that it runs on.
    names = [f'reader{number}.localhost' for number in range(options.pages)]
    text = services(options.services, options.servers)
    with system(text, names) as (zk, url):
        handles = readers(driver, url, names)
        written = {}
        for number in range(options.changes):
            text = f'v-{number}'
            data = json.dumps({'pid': 1, 'version': text}).encode('ascii')
            written[text] = time.time() * 1000
            zk.client.set(NODE, data)
            time.sleep(PAUSE)
        for number, handle in enumerate(handles):
            driver.switch_to.window(handle)
            came = until(
                driver, 'window.came[arguments[0]] && window.came', text)
            delays['node' if number % 2 else 'services'] += [
                came[each] - at for each, at in written.items()
                if each in came]
    print(f'{options.pages} pages, {options.services} '
          f'services of {options.servers} servers, {options.changes} '
          'changes of a property:')
    print()
    print('| view | shown | median | longest |')
    print('|---|---|---|---|')
    for name, found in delays.items():
        print(f'| {name} | {len(found)} of '
              f'{options.changes * options.pages // 2} | '
              f'{statistics.median(found):.0f} ms | {max(found):.0f} ms |')


def stepping(driver: Any) -> Callable[..., None]:
    """Return a function that does a step, and prints what it took."""
    def step(name: str, action: Callable[[], Any], shown: str,
             *arguments: Any) -> None:
        driver.execute_script('window.tasks = []')
        began = time.monotonic()
        action()
        until(driver, shown, *arguments)
        driver.execute_async_script(FRAME)
        took = time.monotonic() - began
        tasks = driver.execute_script('return window.tasks')
        print(f'| {name} | {took * 1000:.0f} ms | {len(tasks)} | '
              + (f'{max(tasks):.0f} ms |' if tasks else '- |'))

    return step


def tree(driver: Any, options: argparse.Namespace) -> None:
    """Measure how a large tree is looked at."""
    row = ('[...document.querySelectorAll(".row")].some((each) => '
           'each.innerText.includes(arguments[0]))')
    with system(large(options.nodes)) as (zk, url):
        driver.switch_to.new_window('window')
        until_read(driver, url, options.nodes)
        driver.execute_cdp_cmd('Page.addScriptToEvaluateOnNewDocument',
                               {'source': TASKS})
        print()
        print(f'A tree of {options.nodes:,} nodes:')
        print()
        print('| step | until shown | long tasks | longest |')
        print('|---|---|---|---|')
        step = stepping(driver)
        step('open the view', lambda: driver.get(url + 'tree/'), row, 'many')
        step(f'open a node of {CHILDREN:,}', lambda: driver.execute_script(
            '[...document.querySelectorAll(".row")].find((each) => '
            'each.innerText.includes("many")).querySelector(".twig")'
            '.click()'), row, 'child-00005')
        step('see one come there', lambda: zk.client.create(
            '/many/child-00000x', b''),
            'document.querySelector("[aria-setsize=\'10001\']")')
        step('see 500 go', lambda: [zk.client.delete_async(
            f'/many/child-{number:05d}') for number in range(500)],
            'document.querySelector("[aria-setsize=\'9501\']")')
        step('scroll through all of it', lambda: driver.execute_async_script(
            """
            const done = arguments[0];
            const rows = document.querySelector('.rows');
            const next = () => {
                const before = rows.scrollTop;
                rows.scrollTop += 2000;
                if (rows.scrollTop === before) {
                    done();
                } else {
                    requestAnimationFrame(next);
                }
            };
            next();
            """), row, 'place-0899')
        step('open a node far down by its address', lambda: driver.get(
            url + 'tree/many/child-09990'), row, 'child-09990')
        step('search, for what 10,000 nodes have', lambda: driver.get(
            url + 'search?q=child'),
            'document.querySelectorAll(".found li").length >= 100')
        step('search, for what one node has', lambda: driver.get(
            url + 'search?q=child-07777'),
            'document.querySelectorAll(".found li").length === 1')


def until_read(driver: Any, url: str, nodes: int) -> None:
    """Wait until the page's server knows the tree."""
    driver.get(url + 'events')
    deadline = time.monotonic() + PATIENCE
    while driver.execute_async_script(
            'const done = arguments[0]; fetch("api/v1/status").then((answer) '
            '=> answer.json()).then(({ nodes }) => done(nodes))') < nodes:
        if time.monotonic() > deadline:
            raise SystemExit('the tree was not read')
        time.sleep(0.1)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--pages', type=int, default=10)
    parser.add_argument('--changes', type=int, default=60)
    parser.add_argument('--services', type=int, default=50)
    parser.add_argument('--servers', type=int, default=20)
    parser.add_argument('--nodes', type=int, default=100_000)
    options = parser.parse_args()
    print('## The page in a browser')
    print()
    driver = browser.start()
    try:
        live(driver, options)
        tree(driver, options)
    finally:
        driver.quit()


if __name__ == '__main__':
    main()
