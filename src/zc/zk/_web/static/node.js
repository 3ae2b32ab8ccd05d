/**
 * The pane of one node: its properties, links, ACL, stat and raw data.
 */
import { ancestry } from './address.js';
import { nodeHref } from './address.js';
import { splitPath } from './address.js';
import { viewHref } from './address.js';
import { announce } from './announcer.js';
import { PropertiesEditor } from './editor.js';
import { button } from './elements.js';
import { fill } from './elements.js';
import { make } from './elements.js';
import { linkForm } from './linkform.js';
import { acl } from './record.js';
import { raw } from './record.js';
import { stat } from './record.js';
import { valueElement } from './secrets.js';
import { get } from './server.js';
import { shape } from './shapes.js';

const CHANGE = 'Change the properties';

export class NodePane {
    #path = '';
    #editing = false;
    #asked = 0;
    #drawn = 0;
    #offered = false;
    #written = '';
    /** The label of what gets the keyboard when the node is drawn. */
    #focus = '';

    /** @param {import('./page.js').Page} page */
    constructor(page) {
        this.page = page;
        this.store = page.store;
        this.element = make('div', { class: 'node' });
    }

    /** @param {string} path */
    async show(path) {
        if (path !== this.#path) {
            this.#editing = false;
            this.#written = '';
            fill(this.element);
        }
        this.#path = path;
        this.off?.();
        const offs = [
            this.store.on('changes', (changes) => this.#maybe(changes)),
            this.store.on('reload', () => this.#again()),
            this.store.on('status', () => {
                // What is offered depends on it.
                if (this.store.changes !== this.#offered) {
                    this.#again();
                }
            }),
        ];
        this.off = () => offs.forEach((off) => off());
        await this.#load();
    }

    hide() {
        this.off?.();
        this.#path = '';
    }

    /** @param {import('./model.js').Changes} changes */
    #maybe({ paths = [], events }) {
        // Another node may be a step of a link of this one.
        const all = [...paths, ...events.map(({ path }) => path)];
        if (all.some((path) => path === this.#path
            || splitPath(path)[0] === this.#path
            || this.steps.includes(path))) {
            this.#again();
        }
    }

    /** @type {string[]} */
    steps = [];

    #again() {
        if (!this.#editing) {
            this.page.trying(this.element, () => this.#load());
        }
    }

    async #load() {
        const mine = ++this.#asked;
        const path = this.#path;
        /** @type {import('./model.js').ZNode} */
        let node;
        try {
            node = await get('node', { path });
        } catch (error) {
            const { status, message } =
                /** @type {import('./server.js').Refusal} */ (error);
            if (status === 404 && this.#wanted(mine, path)) {
                this.#nothing(path, message);
                return;
            }
            throw error;
        }
        if (!this.#wanted(mine, path)) {
            return;
        }
        if (!node.exists) {
            this.#nothing(path, '');
            return;
        }
        const written = JSON.stringify([node, this.store.changes]);
        if (written === this.#written) {
            return;         // someone may be reading, or about to click
        }
        this.#written = written;
        this.#offered = this.store.changes;
        this.steps = [...node.links ?? [], ...node.property_links ?? []]
            .flatMap(({ steps }) => steps ?? []);
        const open = [...this.element.querySelectorAll(
            'details[open] > summary')].map(labelOf);
        const on = this.#focus
            || (this.element.contains(document.activeElement)
                ? labelOf(/** @type {Element} */ (document.activeElement))
                : '');
        this.#focus = '';
        this.#draw(node);
        for (const each of this.element.querySelectorAll('summary')) {
            /** @type {HTMLDetailsElement} */ (each.parentElement).open =
                open.includes(labelOf(each));
        }
        const controls = /** @type {HTMLElement[]} */ (
            [...this.element.querySelectorAll('a, button, summary')]);
        if (on) {
            controls.find((each) => labelOf(each) === on)?.focus();
        }
    }

    /**
     * Tell whether an answer is to be shown still.
     * @param {number} mine  of the question
     * @param {string} path
     */
    #wanted(mine, path) {
        if (path !== this.#path || mine < this.#drawn || this.#editing) {
            return false;
        }
        this.#drawn = mine;
        return true;
    }

    /** @param {string} path @param {string} text */
    #nothing(path, text) {
        announce(`There is no node ${path}`);
        this.#written = '';
        fill(this.element, crumbs(path), make('div', { class: 'empty' },
            make('h2', {}, 'There is no such node'),
            make('p', {}, text || 'It may have gone. The page shows it when '
                + 'it comes back.')));
    }

    /** @param {import('./model.js').ZNode} node */
    #draw(node) {
        fill(this.element, crumbs(node.path),
            make('div', { class: 'about' },
                node.service && make('a', { class: 'type',
                    href: viewHref('services', { only: node.path }) },
                'service'),
                make('span', {}, node.children === 1 ? '1 child'
                    : `${node.children.toLocaleString()} children`),
                make('a', { href: viewHref('events', { path: node.path }) },
                    'Events here'),
                make('a', { href: viewHref('doctor', { path: node.path }) },
                    'Check from here')),
            this.#properties(node), this.#links(node), raw(node),
            acl(node), stat(node));
    }

    /** @param {import('./model.js').ZNode} node */
    #properties(node) {
        const names = Object.keys(node.properties ?? {}).filter(
            (name) => !/(->|=>)$/.test(name.trim())).sort();
        const section = make('section', { class: 'part' });
        const edit = this.store.changes && button('Change\u2026', () => {
            this.#editing = true;
            const editor = new PropertiesEditor(this.page, node, () => {
                this.#editing = false;
                this.#written = '';
                this.#focus = CHANGE;
                this.#again();
            });
            section.replaceWith(editor.element);
            editor.start();
        }, { class: 'small', 'aria-label': CHANGE });
        fill(section, make('h2', {}, 'Properties', edit),
            names.length ? make('dl', { class: 'properties' },
                ...names.map((name) => make('div', {},
                    make('dt', {}, name), make('dd', {}, valueElement(
                        node.path, name, node.properties[name])))))
                : make('p', { class: 'quiet' }, node.error ?? 'None'));
        return section;
    }

    /** @param {import('./model.js').ZNode} node */
    #links(node) {
        const links = node.links ?? [];
        const shared = node.property_links ?? [];
        if (!links.length && !shared.length && !this.store.changes) {
            return null;
        }
        /** @param {import('./model.js').Link} link
         *  @param {string} arrow */
        const item = (link, arrow) => make('li', {},
            make('p', {}, make('span', { class: 'name' }, link.name),
                ` ${arrow} `, make('span', { class: 'to' }, link.target),
                link.value !== undefined && link.value !== null
                    && make('span', { class: 'is' }, ' is ',
                        valueElement(node.path, link.name, link.value)),
                this.store.changes && arrow === '\u2192' && button(
                    'Remove', () => this.page.change(this.element, 'link',
                        { path: node.path, name: link.name, target: null }),
                    { class: 'small',
                        'aria-label': `Remove the link ${link.name}` })),
            (link.steps?.length ?? 0) > 0 && make('ol',
                { class: 'steps', 'aria-label': `Steps of ${link.name}` },
                ...(link.steps ?? []).map((step) => make('li', {},
                    step.startsWith('/')
                        ? make('a', { href: nodeHref(step) }, step)
                        : step))),
            link.error && make('p', { class: 'state fault' },
                shape('failing'), make('span', {}, link.error)));
        return make('section', { class: 'part' }, make('h2', {}, 'Links'),
            links.length + shared.length
                ? make('ul', { class: 'resolved' },
                    ...links.map((link) => item(link, '\u2192')),
                    ...shared.map((link) => item(link, '\u21d2')))
                : make('p', { class: 'quiet' }, 'None'),
            this.store.changes && linkForm(this.page, node,
                (editing) => {
                    this.#editing = editing;
                    this.#again();
                }));
    }
}

/** @param {Element} element */
function labelOf(element) {
    return element.getAttribute('aria-label') ?? element.textContent ?? '';
}

/**
 * Make the path of a node, with a link to each node above.
 * @param {string} path
 */
function crumbs(path) {
    const all = ancestry(path);
    return make('nav', { class: 'crumbs', 'aria-label': 'Path' },
        make('ol', {}, ...all.map((each, index) => make('li', {},
            make('a', { href: nodeHref(each),
                'aria-current': index === all.length - 1 ? 'page' : null },
            each === '/' ? '/' : each.slice(each.lastIndexOf('/') + 1))))));
}
