"""A short story: two servers come and go, and a client watches.

Run by ``make demo``, in one process of its own beside two servers and a page
that shows them.  It ends by itself and ends what it started; with ``--page``,
which ``make demo PAGE=1`` gives, the servers are started again in the end, and
the page stays until Ctrl-C.  Nothing outside this directory is used but the
two packages themselves.
"""
from __future__ import annotations

import pathlib
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import urllib.request

import zc.zk
from zc.zk.testing import Server


HERE = pathlib.Path(__file__).parent
# Seconds that any step may take on a slow machine.
PATIENCE = 15.0


def say(text: str) -> None:
    print('\n' + textwrap.fill(textwrap.dedent(text).strip(), 72),
          flush=True)


def show(text: str) -> None:
    print('\n' + textwrap.indent(text.rstrip(), '    '), flush=True)


class Audience:
    """Remembers the providers that a live list of children showed last."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.names: list[str] | None = None

    def __call__(self, providers: zc.zk.Children) -> None:
        with self.changed:
            self.names = sorted(providers)
            print('    -> providers now:', ', '.join(self.names) or 'none',
                  flush=True)
            self.changed.notify_all()

    def wait(self, count: int) -> list[str]:
        """Wait until there are so many providers; return their names."""
        with self.changed:
            seen = self.changed.wait_for(
                lambda: self.names is not None and len(self.names) == count,
                PATIENCE)
            if not seen:
                raise SystemExit(
                    f'waited {PATIENCE} s for {count} providers, '
                    f'there are {self.names}')
            return list(self.names or ())


class Process:
    """A process that runs beside this one."""

    def __init__(self, *words: str, heard: bool = False) -> None:
        self.output = tempfile.TemporaryFile('w+')
        self.process = subprocess.Popen(
            [sys.executable, *words], cwd=HERE, text=True,
            stdout=subprocess.PIPE if heard else self.output,
            stderr=self.output)

    def check(self) -> None:
        """Say what went wrong if the process is not there."""
        if self.process.poll() is not None:
            self.output.seek(0)
            raise SystemExit('a server failed:\n' + self.output.read())

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self.output.close()


class WebServer(Process):
    """Serves one of the .ini files."""

    def __init__(self, name: str, zookeeper: str) -> None:
        super().__init__(
            '-m', 'zc.zkzopeserver.serve', f'{name}.ini',
            '-D', f'zookeeper_address={zookeeper}')


class Page(Process):
    """Serves a page of the live tree: ``zczk web``."""

    def __init__(self, zookeeper: str) -> None:
        super().__init__(
            str(pathlib.Path(sys.executable).with_name('zczk')), '-z',
            zookeeper, 'web', '--port', '0', heard=True)
        assert self.process.stdout is not None
        # It says its address when it serves.
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            self.process.wait(PATIENCE)
            self.check()


def fetch(address: str) -> str:
    with urllib.request.urlopen(
            f'http://{address}/', timeout=PATIENCE) as response:
        return str(response.read().decode('utf-8')).strip()


def fetch_all(zk: zc.zk.ZooKeeper, path: str) -> None:
    """Fetch a page from each provider at a path, and show it."""
    show('\n'.join(f'http://{address}/ says: {fetch(address)}'
                   for address in sorted(zk.children(path))))


def tell(zookeeper: str, servers: dict[str, WebServer]) -> None:
    """Tell the story."""
    zk = zc.zk.ZooKeeper(zookeeper)

    say('The architecture of an anvil shop is a text. It has two services, '
        'the balancer and the site. The link "->" says where the balancer '
        "finds its servers, and \"=>\" that it shares the site's greeting:")
    text = (HERE / 'tree.txt').read_text(encoding='utf-8')
    show(text)
    zk.import_tree(text)
    say('It is in ZooKeeper now. A client watches /site/providers:')
    print()
    audience = Audience()
    # The client keeps this list alive for as long as it wants to know.
    providers = zk.children('/site/providers')
    providers(audience)
    audience.wait(0)

    say('Two servers start, "zkserve anna.ini" and "zkserve bert.ini". '
        'Neither file has a port: the operating system chooses them, and '
        'nobody needs to be told.')
    print()
    start(zookeeper, servers, providers)
    audience.wait(2)

    pool = '/balancer/pools/site'
    say(f'The balancer asks for {pool}/providers and follows the link. It '
        'fetches a page from each server:')
    fetch_all(zk, f'{pool}/providers')

    say("An operator changes the site's greeting. No server is restarted; "
        'the balancer, through its property link, sees the same value:')
    zk.properties('/site').update(greeting='Good morning')
    wait_for_greeting(zk, 'Good morning')
    fetch_all(zk, f'{pool}/providers')
    show(f'{pool}: greeting is '
         f'{zk.properties(pool)["greeting"]!r}')

    say("Anna's process gets a SIGTERM, as in a deployment. She takes her "
        'address away before she stops:')
    print()
    started = time.monotonic()
    anna = servers['anna'].process
    anna.terminate()
    audience.wait(1)
    gone = time.monotonic() - started
    show(f'gone after {gone:.3f} s, exit status {anna.wait(PATIENCE)}')

    say("Bert's process is killed with SIGKILL and can take nothing away. "
        'ZooKeeper waits for him for the 2 seconds that his session may be '
        'silent, and then does it for him:')
    print()
    started = time.monotonic()
    servers['bert'].process.kill()
    audience.wait(0)
    show(f'gone after {time.monotonic() - started:.3f} s')

    say('The settings stay. This is the tree at the end, ready to be '
        'imported elsewhere:')
    show(zk.export_tree())
    zk.close()


def start(
    zookeeper: str, servers: dict[str, WebServer], providers: zc.zk.Children
) -> None:
    """Start both servers, and wait until they are registered."""
    for name in 'anna', 'bert':
        servers[name] = WebServer(name, zookeeper)
    started = time.monotonic()
    while len(providers) < 2 and time.monotonic() < started + PATIENCE:
        for server in servers.values():
            server.check()
        time.sleep(0.05)


def stay(
    zookeeper: str, servers: dict[str, WebServer], page: Page
) -> None:
    """Have something to look at until somebody stops it."""
    for server in servers.values():
        server.close()
    with zc.zk.ZooKeeper(zookeeper) as zk:
        start(zookeeper, servers, zk.children('/site/providers'))
    say('Both servers run again. Look at the page, and, in another terminal, '
        'stop one with kill PID (the page shows the PIDs), or change what '
        'they say:')
    show(f'{page.address}\n.venv/bin/zczk -z {zookeeper} set /site '
         '"greeting=\'Good evening\'"')
    say('Ctrl-C ends it all.')
    signal.pause()


def wait_for_greeting(zk: zc.zk.ZooKeeper, greeting: str) -> None:
    """Wait until each server's page has a greeting."""
    deadline = time.monotonic() + PATIENCE
    for address in zk.children('/site/providers'):
        while greeting not in fetch(address):
            if time.monotonic() > deadline:
                raise SystemExit(f'{address} did not learn {greeting!r}')
            time.sleep(0.01)


def main(stays: bool) -> None:
    # A polite end by SIGTERM too: the servers are ended below.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    started = time.monotonic()
    servers: dict[str, WebServer] = {}
    pages: list[Page] = []
    try:
        with Server() as server:
            say('A ZooKeeper server for a desk runs in this process, at '
                f'{server.connection_string}.')
            page = Page(server.connection_string)
            pages.append(page)
            say('A page shows what is in it, as it changes: '
                f'{page.address}'
                + ('' if stays else ' (make demo PAGE=1 lets it stay)'))
            tell(server.connection_string, servers)
            if stays:
                stay(server.connection_string, servers, page)
    except KeyboardInterrupt:
        print()
    finally:
        for process in [*servers.values(), *pages]:
            process.close()
    say(f'The end, after {time.monotonic() - started:.1f} seconds. Try: '
        '.venv/bin/zczk --help')


if __name__ == '__main__':
    main('--page' in sys.argv[1:])
