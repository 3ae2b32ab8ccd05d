/**
 * The view of events: what came, went and changed, newest first.
 */
import { nodeHref } from './address.js';
import { viewHref } from './address.js';
import { announce } from './announcer.js';
import { add } from './elements.js';
import { button } from './elements.js';
import { fill } from './elements.js';
import { make } from './elements.js';
import { keep } from './keyed.js';
import { get } from './server.js';
import { stateElement } from './shapes.js';
import { WORDS } from './shapes.js';
import { clockTime } from './times.js';
import { day } from './times.js';

// Events that come with one answer, and that are kept at most
const SOME = 200;
const MOST = 5000;
const KINDS = /** @type {const} */ (['came', 'went', 'changed']);

export class EventsView {
    title = 'Events';
    /** @type {import('./model.js').Event_[]} newest first */
    #events = [];
    #path = '';
    #what = '';
    /** @type {string | number | null} */
    #next = null;
    #drawing = 0;

    /** @param {import('./page.js').Page} page */
    constructor(page) {
        this.page = page;
        this.store = page.store;
        this.input = make('input', { type: 'search', id: 'events-path',
            placeholder: '/path', spellcheck: 'false', autocomplete: 'off',
            on: { change: () => this.#go(), search: () => this.#go() } });
        this.kinds = make('div', { class: 'choice', role: 'group',
            'aria-label': 'Kinds of events' });
        this.list = make('ol', { class: 'events', 'aria-label':
            'Events, newest first' });
        this.none = make('p', { class: 'empty', hidden: true },
            'Nothing has happened here yet since the server of this page '
            + 'started. What happens shows at once.');
        /** @type {HTMLElement} */
        this.element = make('section', { class: 'view happened' });
        this.more = make('p', { class: 'more', hidden: true },
            button('Show older ones', () => page.trying(
                this.element, () => this.#load(true))));
        add(this.element,
            make('div', { class: 'heading' },
                make('h1', { tabindex: -1 }, 'Events'),
                make('div', { class: 'filters' }, this.kinds,
                    make('label', { for: 'events-path' }, 'Below'),
                    this.input)),
            this.none, this.list, this.more);
    }

    #go() {
        this.page.router.go(viewHref('events',
            { path: this.input.value, what: this.#what }), true);
    }

    /** @param {import('./address.js').Address} address */
    async show(address) {
        const path = address.query.path ?? '';
        const other = path !== this.#path || !this.off;
        this.#path = path;
        this.#what = address.query.what ?? '';
        this.input.value = path;
        fill(this.kinds, ...['', ...KINDS].map((kind) => make('a', {
            href: viewHref('events', { path, what: kind }),
            'aria-current': kind === this.#what ? 'true' : null },
        kind ? WORDS[/** @type {'came'} */ (kind)] : 'All')));
        if (!this.off) {
            const offs = [
                this.store.on('changes', ({ events }) => this.#take(events)),
                this.store.on('reload', () => this.page.trying(
                    this.element, () => this.#load(false))),
            ];
            this.off = () => offs.forEach((off) => off());
        }
        if (other) {
            await this.store.ready;
            await this.#load(false);
        } else {
            this.#draw();
        }
    }

    hide() {
        this.off?.();
        this.off = undefined;
    }

    /** @param {string} path */
    #within(path) {
        const above = this.#path.replace(/\/+$/, '');
        return path === above || path.startsWith(`${above}/`);
    }

    /** @param {import('./model.js').Event_[]} events */
    #take(events) {
        const mine = events.filter(({ path }) => this.#within(path));
        this.#join(mine);
        const newest = mine[mine.length - 1];
        if (newest) {
            announce(`${newest.path} ${newest.what}`);
        }
        this.#soon();
    }

    /**
     * Put events where they belong.
     * @param {import('./model.js').Event_[]} events
     */
    #join(events) {
        const known = new Map(this.#events.map((each) => [each.id, each]));
        for (const event of events) {
            known.set(event.id, event);
        }
        this.#events = [...known.values()].sort(
            (a, b) => Number(b.id) - Number(a.id)).slice(0, MOST);
    }

    /** @param {boolean} older */
    async #load(older) {
        const path = this.#path;
        if (!older) {
            // Now, not when the answer is there: what the stream tells
            // meanwhile may not be in it.
            this.#events = [];
        }
        const { events, next } = await get('events', {
            limit: String(SOME), ...path ? { path } : {},
            ...older && this.#next !== null
                ? { before: String(this.#next) } : {} });
        if (path !== this.#path) {
            return;
        }
        this.#join(events);
        this.#next = next ?? null;
        this.#draw();
    }

    /** Draw once for many events. */
    #soon() {
        this.#drawing ||= requestAnimationFrame(() => this.#draw());
    }

    #draw() {
        cancelAnimationFrame(this.#drawing);
        this.#drawing = 0;
        const shown = this.#events.filter(
            ({ what }) => !this.#what || what === this.#what);
        /** @type {(import('./model.js').Event_ | string)[]} */
        const rows = [];
        let last = '';
        for (const event of shown) {
            const text = day(event.time);
            if (text !== last) {
                rows.push(text);
                last = text;
            }
            rows.push(event);
        }
        keep(this.list, rows,
            (row) => typeof row === 'string' ? row : `#${row.id}`,
            (row) => typeof row === 'string'
                ? make('li', { class: 'day' }, make('h2', {}, row))
                : eventRow(row), () => {});
        this.none.hidden = shown.length > 0;
        this.more.hidden = this.#next === null;
    }
}

/** @param {import('./model.js').Event_} event */
function eventRow(event) {
    return make('li', { class: `event ${event.what}` },
        clockTime(event.time), stateElement(event.what),
        make('span', { class: 'told' },
            make('a', { href: nodeHref(event.path) }, event.path),
            event.text && make('span', { class: 'text' }, event.text)));
}
