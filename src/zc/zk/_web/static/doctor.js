/**
 * The view of the doctor's findings, looked for on demand.
 */
import { nodeHref } from './address.js';
import { viewHref } from './address.js';
import { announce } from './announcer.js';
import { button } from './elements.js';
import { fill } from './elements.js';
import { make } from './elements.js';
import { get } from './server.js';
import { stateElement } from './shapes.js';
import { wholeTime } from './times.js';

/** @type {Record<string, [string, string]>} the shape and the word */
const LEVELS = {
    error: ['failing', 'error'], warning: ['draining', 'warning'],
    info: ['note', 'note'], note: ['note', 'note'], ok: ['ready', 'fine'],
};

export class DoctorView {
    title = 'Doctor';
    #path = '/';

    /** @param {import('./page.js').Page} page */
    constructor(page) {
        this.page = page;
        this.input = make('input', { type: 'search', id: 'doctor-path',
            placeholder: '/', spellcheck: 'false', autocomplete: 'off',
            on: { change: () => page.router.go(
                viewHref('doctor', { path: this.input.value }), true) } });
        this.again = button('Check again', () => page.trying(
            this.element, () => this.#check()), { class: 'primary' });
        this.said = make('p', { class: 'count' });
        this.list = make('ul', { class: 'findings' });
        this.element = make('section', { class: 'view doctor' },
            make('div', { class: 'heading' },
                make('h1', { tabindex: -1 }, 'Doctor'), this.said,
                make('div', { class: 'filters' },
                    make('label', { for: 'doctor-path' }, 'Below'),
                    this.input, this.again)),
            this.list);
    }

    /** @param {import('./address.js').Address} address */
    async show(address) {
        this.#path = address.query.path || '/';
        this.input.value = address.query.path ?? '';
        await this.#check();
    }

    hide() {}

    async #check() {
        const path = this.#path;
        fill(this.said, 'Looking\u2026');
        this.again.disabled = true;
        try {
            const { findings, as_of: asOf } = await get('doctor', { path });
            if (path === this.#path) {
                this.#draw(findings, asOf);
            }
        } catch (error) {
            fill(this.said);
            fill(this.list);
            throw error;
        } finally {
            this.again.disabled = false;
        }
    }

    /**
     * @param {import('./model.js').Finding[]} findings
     * @param {string} asOf
     */
    #draw(findings, asOf) {
        const text = findings.length === 0 ? 'Nothing to mend'
            : findings.length === 1 ? '1 finding'
                : `${findings.length} findings`;
        announce(text);
        fill(this.said, text, asOf && ', ', asOf && wholeTime(asOf));
        fill(this.list, ...findings.map(({ level, path, fault, remedy }) => {
            const [kind, word] = LEVELS[level] ?? ['note', level];
            return make('li', { class: `finding ${kind}` },
                stateElement(kind, word),
                make('div', {},
                    path && make('a', { href: nodeHref(path) }, path),
                    make('p', { class: 'fault-text' }, fault),
                    remedy && make('p', { class: 'remedy' }, remedy)));
        }), findings.length === 0 && make('li', { class: 'finding ready' },
            stateElement('ready', 'fine'), make('div', {},
                make('p', {}, this.#path === '/'
                    ? 'The whole tree is in order.'
                    : `All below ${this.#path} is in order.`))));
    }
}
