/**
 * The view of all services: a card for each.
 */
import { viewHref } from './address.js';
import { announce } from './announcer.js';
import { dressCard } from './card.js';
import { makeCard } from './card.js';
import { fill } from './elements.js';
import { make } from './elements.js';
import { keep } from './keyed.js';

export class ServicesView {
    title = 'Services';
    #filter = '';
    /** @type {WeakMap<HTMLElement,
     *      {card: import('./model.js').Card, changes: boolean}>} */
    #shown = new WeakMap();

    /** @param {import('./page.js').Page} page */
    constructor(page) {
        this.page = page;
        this.store = page.store;
        this.count = make('p', { class: 'count' });
        this.cards = make('div', { class: 'cards' });
        this.none = make('div', { class: 'empty', hidden: true });
        this.input = make('input', {
            type: 'search', id: 'services-filter', autocomplete: 'off',
            placeholder: 'Path or type', spellcheck: 'false',
            on: { input: () => page.router.go(
                viewHref('services', { only: this.input.value }), true) },
        });
        this.element = make('section', { class: 'view services' },
            make('div', { class: 'heading' },
                make('h1', { tabindex: -1 }, 'Services'), this.count,
                make('div', { class: 'filters' },
                    make('label', { for: 'services-filter' }, 'Only'),
                    this.input)),
            this.none, this.cards);
    }

    /** @param {import('./address.js').Address} address */
    async show(address) {
        this.#filter = address.query.only ?? '';
        if (this.input.value !== this.#filter) {
            this.input.value = this.#filter;
        }
        if (this.off) {
            this.#update();     // only the filter is another
            return;
        }
        const offs = [
            this.store.on('services', (path) => {
                this.#update();
                this.#announce(path);
            }),
            this.store.on('status', () => this.#update()),
            this.store.on('reload', () => this.page.trying(
                this.element, () => this.store.loadServices())),
        ];
        this.off = () => offs.forEach((off) => off());
        await this.store.loadServices();
    }

    hide() {
        this.off?.();
        this.off = undefined;
    }

    /**
     * Show a service on its card, unless the card shows it as it is.
     * @param {HTMLElement} element
     * @param {import('./model.js').Card} card
     */
    #dress(element, card) {
        const { changes } = this.store;
        const shown = this.#shown.get(element);
        if (shown?.card !== card || shown.changes !== changes) {
            this.#shown.set(element, { card, changes });
            dressCard(element, card, this.page);
        }
    }

    /** @param {string | null} path  of the one that changed */
    #announce(path) {
        const card = path && this.store.services.get(path);
        if (card) {
            const ready = card.providers.filter(
                (each) => each.state === 'ready').length;
            announce(`${path}: ${ready} ready of ${card.providers.length}`);
        }
    }

    #update() {
        const all = [...this.store.services.values()];
        const words = this.#filter.toLowerCase();
        const shown = all.filter((card) => !words
            || card.path.toLowerCase().includes(words)
            || String(card.type ?? '').toLowerCase().includes(words));
        shown.sort((a, b) => a.path < b.path ? -1 : 1);
        const ready = shown.reduce((sum, card) => sum + card.providers.filter(
            (each) => each.state === 'ready').length, 0);
        fill(this.count, shown.length === 1 ? '1 service'
            : `${shown.length} services`, ', ', ready === 1
            ? '1 provider ready' : `${ready} providers ready`);
        keep(this.cards, shown, (card) => card.path, makeCard,
            (element, card) => this.#dress(element, card));
        this.none.hidden = shown.length > 0;
        fill(this.none, make('p', {}, all.length
            ? 'No service has these words in its path or type.'
            : 'There are no services yet. A node is a service if it has a '
                + 'child "providers".'));
    }
}
