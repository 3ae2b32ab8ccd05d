/**
 * The view of the architecture: services and their links, as a picture that
 * stands still while the system changes.
 */
import { nodeHref } from './address.js';
import { button } from './elements.js';
import { fill } from './elements.js';
import { make } from './elements.js';
import { layout } from './layout.js';
import { makePicture } from './picture.js';
import { get } from './server.js';
import { stateElement } from './shapes.js';

// Milliseconds from a change to a new look at the model, which is made of
// the whole tree
const SOON = 150;

export class ArchitectureView {
    title = 'Architecture';
    /** @type {import('./layout.js').Places} */
    #places = new Map();
    /** @type {{nodes: import('./model.js').Box[],
     *          edges: import('./model.js').Arrow[]}} */
    #model = { nodes: [], edges: [] };
    #waiting = 0;
    #loading = false;
    #more = false;

    /** @param {import('./page.js').Page} page */
    constructor(page) {
        this.page = page;
        this.store = page.store;
        this.count = make('p', { class: 'count' });
        this.picture = make('div', { class: 'picture', tabindex: 0,
            role: 'group', 'aria-label': 'Picture of the architecture' });
        this.list = make('ul', { class: 'uses' });
        this.element = make('section', { class: 'view architecture' },
            make('div', { class: 'heading' },
                make('h1', { tabindex: -1 }, 'Architecture'), this.count,
                make('div', { class: 'filters' },
                    button('Tidy up', () => this.#tidy(), {
                        title: 'Place all boxes anew' }))),
            this.picture,
            make('p', { class: 'legend' }, stateElement('ready', 'has '
                + 'providers'), stateElement('gone', 'has none'),
            stateElement('failing', 'a link that leads nowhere')),
            make('details', { class: 'words' },
                make('summary', {}, 'The same in words'), this.list));
    }

    async show() {
        const soon = () => {
            this.#waiting ||= setTimeout(() => this.#again(), SOON);
        };
        const offs = [this.store.on('changes', soon),
            this.store.on('services', soon),
            this.store.on('reload', soon)];
        this.hide();
        this.off = () => offs.forEach((off) => off());
        await this.store.ready;
        // First whose servers are ready: no box shows that it has none and
        // then others.
        await this.store.loadServices();
        await this.#load();
    }

    hide() {
        clearTimeout(this.#waiting);
        this.#waiting = 0;
        this.off?.();
        this.off = undefined;
    }

    #again() {
        this.#waiting = 0;
        this.page.trying(this.element, () => this.#load());
    }

    async #load() {
        // One after the other: the last one drawn is the newest.
        this.#more = true;
        if (this.#loading) {
            return;
        }
        this.#loading = true;
        try {
            while (this.#more) {
                this.#more = false;
                this.#model = await get('architecture');
                this.#draw();
            }
        } finally {
            this.#loading = false;
        }
    }

    #tidy() {
        this.#places = new Map();
        this.#draw();
    }

    #draw() {
        const { nodes, edges } = this.#model;
        this.#places = layout(
            nodes.map(({ id }) => id), edges, this.#places);
        const focused = document.activeElement?.closest('.picture a')
            ?.getAttribute('data-id');
        fill(this.count, nodes.length === 1 ? '1 service'
            : `${nodes.length} services`, ', ', edges.length === 1
            ? '1 link' : `${edges.length} links`);
        fill(this.picture, nodes.length
            ? makePicture(nodes, edges, this.#places, this.store.services)
            : make('p', { class: 'empty' }, 'There are no services yet.'));
        if (focused) {
            const again = [...this.picture.querySelectorAll('a')].find(
                (each) => each.getAttribute('data-id') === focused);
            /** @type {SVGAElement | undefined} */ (
                /** @type {unknown} */ (again))?.focus();
        }
        fill(this.list, ...nodes.map(({ id }) => {
            const uses = edges.filter(({ from }) => from === id);
            return make('li', {}, make('a', { href: nodeHref(id) }, id),
                uses.length ? ' uses ' : ' uses nothing',
                ...uses.flatMap(({ to }, index) => [index ? ', ' : '',
                    make('a', { href: nodeHref(to) }, to)]));
        }));
    }
}
