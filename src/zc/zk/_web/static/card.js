/**
 * The card of one service: who provides it, what it uses, who uses it.
 */
import { nodeHref } from './address.js';
import { button } from './elements.js';
import { fill } from './elements.js';
import { make } from './elements.js';
import { keep } from './keyed.js';
import { dressProvider } from './provider.js';
import { makeProvider } from './provider.js';
import { shape } from './shapes.js';
import { WORDS } from './shapes.js';

// Providers that a card shows before it is asked for all
const FEW = 12;
const STATES = /** @type {const} */ (
    ['ready', 'draining', 'failing', 'gone']);
const COLUMNS = ['State', 'Address', 'Version', 'Process', 'Monitor',
    'Weight', 'Since'];

/**
 * Return the part of a card with a class.
 * @param {HTMLElement} card
 * @param {string} name
 */
function part(card, name) {
    return /** @type {HTMLElement} */ (card.querySelector(`.${name}`));
}

/**
 * Make an empty card.
 * @param {import('./model.js').Card} card
 * @returns {HTMLElement}
 */
export function makeCard(card) {
    return make('article', { class: 'card', 'aria-label': card.path },
        make('header', {},
            make('h2', {}, make('a', { href: nodeHref(card.path) },
                card.path)),
            make('span', { class: 'type' }),
            make('p', { class: 'sum' })),
        make('table', { class: 'providers', role: 'table' },
            make('thead', { role: 'rowgroup' }, make('tr', { role: 'row' },
                ...COLUMNS.map((name) => make(
                    'th', { scope: 'col', role: 'columnheader' }, name)),
                make('th', { scope: 'col', role: 'columnheader',
                    class: 'last' }, make('span', { class: 'unseen' },
                    'Change')))),
            make('tbody', { role: 'rowgroup' })),
        make('p', { class: 'more' }),
        make('dl', { class: 'links' }));
}

/**
 * Show on its card what a service is now.
 * @param {HTMLElement} element
 * @param {import('./model.js').Card} card
 * @param {import('./page.js').Page} page
 */
export function dressCard(element, card, page) {
    const type = part(element, 'type');
    type.hidden = !card.type;
    fill(type, card.type);
    const counts = STATES.map((state) => ({ state, count:
        card.providers.filter((each) => each.state === state).length }));
    fill(part(element, 'sum'), ...counts.filter(({ count }) => count).map(
        ({ state, count }) => make('span', { class: 'state' },
            shape(state), make('span', {}, `${count} ${WORDS[state]}`))));
    element.classList.toggle('none', card.providers.length === 0);
    const unseen = (card.total ?? 0) - card.providers.filter(
        (each) => each.state !== 'gone').length;
    if (unseen > 0) {
        part(element, 'sum').append(make('span', {}, `and ${unseen} more`));
    }
    if (card.providers.length === 0) {
        fill(part(element, 'sum'), make('span', { class: 'state' },
            shape('gone'), make('span', {}, 'no providers')));
    }
    const all = element.dataset.all === 'yes';
    const shown = all ? card.providers : card.providers.slice(0, FEW);
    const table = part(element, 'providers');
    table.hidden = shown.length === 0;
    table.classList.toggle('changing', page.store.changes);
    part(element, 'last').hidden = !page.store.changes;
    keep(/** @type {HTMLTableElement} */ (table).tBodies[0], shown,
        (provider) => provider.path, makeProvider,
        (row, provider) => dressProvider(row, provider, page));
    const more = part(element, 'more');
    more.hidden = shown.length === card.providers.length;
    fill(more, button(`Show all ${card.providers.length}`, () => {
        element.dataset.all = 'yes';
        dressCard(element, card, page);
    }));
    dressLinks(part(element, 'links'), card);
}

/**
 * @param {HTMLElement} element
 * @param {import('./model.js').Card} card
 */
function dressLinks(element, card) {
    const written = JSON.stringify([card.links, card.linked_from]);
    if (element.dataset.written === written) {
        return;         // the focus may be on one of them
    }
    element.dataset.written = written;
    const uses = card.links.map(({ name, to, broken }) => make('li', {},
        make('span', { class: 'name' }, name), ' \u2192 ',
        make('a', { href: nodeHref(to) }, to),
        broken && make('span', { class: 'state fault' }, shape('failing'),
            typeof broken === 'string' ? broken : 'leads nowhere')));
    const users = card.linked_from.map(({ path, name }) => make('li', {},
        make('a', { href: nodeHref(path) }, path),
        name && make('span', { class: 'name' }, ` as ${name}`)));
    element.hidden = !uses.length && !users.length;
    fill(element,
        uses.length > 0 && make('div', {}, make('dt', {}, 'Uses'),
            make('dd', {}, make('ul', {}, ...uses))),
        users.length > 0 && make('div', {}, make('dt', {}, 'Used by'),
            make('dd', {}, make('ul', {}, ...users))));
}
