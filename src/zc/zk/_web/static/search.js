/**
 * The view of a search over names and properties, and its box, which is on
 * each page.
 */
import { nodeHref } from './address.js';
import { viewHref } from './address.js';
import { announce } from './announcer.js';
import { button } from './elements.js';
import { byId } from './elements.js';
import { fill } from './elements.js';
import { make } from './elements.js';
import { valueElement } from './secrets.js';
import { get } from './server.js';

const SOME = 100;
// Milliseconds after the last key
const SOON = 200;

/** The box: a slash focuses it, what is typed is looked for at once. */
export class SearchBox {
    #waiting = 0;

    /** @param {import('./router.js').Router} router */
    constructor(router) {
        this.router = router;
        this.input = /** @type {HTMLInputElement} */ (byId('words'));
        this.input.addEventListener('input', () => {
            clearTimeout(this.#waiting);
            this.#waiting = setTimeout(() => this.#go(), SOON);
        });
        this.input.addEventListener('keydown', (event) => {
            if (event.key === 'ArrowDown') {
                /** @type {HTMLElement | null} */ (
                    document.querySelector('.found a'))?.focus();
                event.preventDefault();
            }
        });
        byId('search').addEventListener('submit', (event) => {
            event.preventDefault();
            this.#go();
        });
        document.addEventListener('keydown', (event) => {
            const on = event.target;
            const typing = on instanceof HTMLInputElement
                || on instanceof HTMLTextAreaElement;
            if (event.key === '/' && !typing && !event.ctrlKey
                && !event.metaKey && !event.altKey) {
                event.preventDefault();
                this.input.focus();
                this.input.select();
            }
        });
    }

    #go() {
        clearTimeout(this.#waiting);
        const words = this.input.value.trim();
        const there = location.pathname === viewHref('search');
        if (words || there) {
            this.router.go(viewHref('search', { q: words }), there);
        }
    }

    /** @param {string} words */
    set words(words) {
        if (document.activeElement !== this.input) {
            this.input.value = words;
        }
    }
}

/** @param {string} name  of a property; links have an arrow at its end */
function spoken(name) {
    return name.endsWith('->') ? name.replace(/ ?->$/, ' \u2192')
        : name.endsWith('=>') ? name.replace(/ ?=>$/, ' \u21d2')
            : `${name} is`;
}

export class SearchView {
    title = 'Search';
    /** @type {AbortController | null} */
    #running = null;

    /** @param {import('./page.js').Page} page */
    constructor(page) {
        this.page = page;
        this.said = make('p', { class: 'count' });
        this.list = make('ul', { class: 'found', on: {
            /** @param {KeyboardEvent} event */
            keydown: (event) => this.#key(event) } });
        this.more = make('p', { class: 'more' });
        this.element = make('section', { class: 'view searched' },
            make('div', { class: 'heading' },
                make('h1', { tabindex: -1 }, 'Search'), this.said),
            this.list, this.more);
    }

    /** @param {import('./address.js').Address} address */
    async show(address) {
        const words = address.query.q ?? '';
        this.page.box.words = words;
        this.page.entitle(words ? `Search: ${words}` : 'Search');
        fill(this.list);
        fill(this.more);
        if (!words) {
            fill(this.said, 'Type what names and properties should hold.');
            return;
        }
        fill(this.said, 'Looking\u2026');
        await this.#load(words, null);
    }

    hide() {
        this.#running?.abort();
        this.page.box.words = '';
    }

    /**
     * @param {string} words
     * @param {string | null} after
     */
    async #load(words, after) {
        this.#running?.abort();
        this.#running = new AbortController();
        /** @type {{found: import('./model.js').Found[],
         *          next: string | null}} */
        let answer;
        try {
            answer = await get('search', { q: words, limit: String(SOME),
                ...after === null ? {} : { after } }, this.#running.signal);
        } catch (error) {
            if (error instanceof DOMException) {
                return;         // other words came meanwhile
            }
            throw error;
        }
        this.list.append(...answer.found.map(({ path, name, value }) =>
            make('li', {}, make('a', { href: nodeHref(path) }, path),
                name && make('p', {},
                    make('span', { class: 'name' }, spoken(name)), ' ',
                    value !== undefined && value !== null
                        && valueElement(path, name, value)))));
        const count = this.list.children.length;
        const text = count === 0 ? `Nothing holds \u201c${words}\u201d`
            : answer.next ? `The first ${count}`
                : count === 1 ? '1 place' : `${count} places`;
        fill(this.said, text);
        announce(text);
        fill(this.more, answer.next && button('Show more', () =>
            this.page.trying(this.element,
                () => this.#load(words, answer.next))));
    }

    /** @param {KeyboardEvent} event */
    #key(event) {
        const step = event.key === 'ArrowDown' ? 1
            : event.key === 'ArrowUp' ? -1 : 0;
        if (!step) {
            return;
        }
        event.preventDefault();
        const links = /** @type {HTMLElement[]} */ (
            [...this.list.querySelectorAll('a')]);
        const at = links.indexOf(
            /** @type {HTMLElement} */ (document.activeElement)) + step;
        (at < 0 ? this.page.box.input : links[at])?.focus();
    }
}
