/**
 * The page: which view is shown, and what views share.
 */
import { announce } from './announcer.js';
import { ArchitectureView } from './architecture.js';
import { Banner } from './banner.js';
import { DoctorView } from './doctor.js';
import { button } from './elements.js';
import { byId } from './elements.js';
import { make } from './elements.js';
import { EventsView } from './events.js';
import { PlanView } from './plan.js';
import { Router } from './router.js';
import { SearchBox } from './search.js';
import { SearchView } from './search.js';
import { post } from './server.js';
import { ServicesView } from './services.js';
import { shape } from './shapes.js';
import { Store } from './store.js';
import { Stream } from './stream.js';
import { TreeView } from './tree.js';

/**
 * @typedef {object} View
 * @property {string} title
 * @property {HTMLElement} element
 * @property {(address: import('./address.js').Address) => Promise<void>} show
 *   called again when the address changed within the view
 * @property {() => void} hide
 */

/** @type {Record<string, new (page: Page) => View>} */
const VIEWS = {
    services: ServicesView, architecture: ArchitectureView, tree: TreeView,
    events: EventsView, doctor: DoctorView, search: SearchView,
    plan: PlanView,
};

export class Page {
    store = new Store();
    router = new Router((address, asked) => this.#arrive(address, asked));
    box = new SearchBox(this.router);
    main = byId('main');
    /** @type {Map<string, View>} */
    #views = new Map();
    #shown = '';

    constructor() {
        new Banner(this.store);
        new Stream((kind, data) => this.store.take(kind, data));
        const plan = byId('plan-link');
        this.store.on('status', () => {
            plan.hidden = !this.store.changes;
        });
        byId('skip').addEventListener('click', (event) => {
            event.preventDefault();
            this.main.focus();
        });
        this.store.loadStatus();
        this.router.start();
    }

    /**
     * @param {import('./address.js').Address} address
     * @param {boolean} asked  by the user, just now?
     */
    #arrive(address, asked) {
        const name = Object.hasOwn(VIEWS, address.view) ? address.view
            : 'services';
        const view = this.#views.get(name) ?? new VIEWS[name](this);
        this.#views.set(name, view);
        const other = name !== this.#shown;
        if (other) {
            this.#views.get(this.#shown)?.hide();
            this.#shown = name;
            this.main.replaceChildren(view.element);
            for (const link of byId('views').children) {
                if (link.getAttribute('data-view') === name) {
                    link.setAttribute('aria-current', 'page');
                    link.scrollIntoView({ block: 'nearest',
                        inline: 'nearest' });
                } else {
                    link.removeAttribute('aria-current');
                }
            }
            // Someone who types into the search box stays there.
            if (asked && document.activeElement !== this.box.input) {
                view.element.querySelector('h1')?.focus();
            }
        }
        this.entitle(view.title);
        this.trying(view.element, () => view.show(address));
    }

    /**
     * Say what is shown in the title of the window.
     * @param {string} text
     */
    entitle(text) {
        document.title = `${text} \u00b7 zc.zk`;
    }

    /**
     * Do something, and say in a view if it fails.
     * @param {HTMLElement} element
     * @param {() => Promise<unknown>} action
     */
    async trying(element, action) {
        try {
            await action();
            element.querySelector(':scope > .problem')?.remove();
        } catch (error) {
            this.failed(element, error);
        }
    }

    /**
     * Say that something failed.
     * @param {HTMLElement} element
     * @param {unknown} error
     */
    failed(element, error) {
        const text = error instanceof Error ? error.message : String(error);
        element.querySelector(':scope > .problem')?.remove();
        /** @type {HTMLElement} */
        const problem = make('div', { class: 'problem', role: 'alert' },
            shape('failing'), make('p', {}, text),
            button('Close', () => problem.remove(), { class: 'small' }));
        element.prepend(problem);
    }

    /**
     * Change something in ZooKeeper; what it did comes by the stream.
     * @param {HTMLElement} element  where to say that it failed
     * @param {string} name  of the request
     * @param {any} body
     * @returns {Promise<boolean>} was it done?
     */
    async change(element, name, body) {
        try {
            await post(name, body, this.store.status?.csrf ?? '');
        } catch (error) {
            this.failed(element, error);
            return false;
        }
        element.querySelector(':scope > .problem')?.remove();
        announce('Changed');
        return true;
    }
}

new Page();
