/**
 * The row of one provider of a service, and what an operator can do to it.
 */
import { nodeHref } from './address.js';
import { button } from './elements.js';
import { fill } from './elements.js';
import { make } from './elements.js';
import { stateElement } from './shapes.js';
import { age } from './times.js';

/**
 * Make an empty row.
 * @param {import('./model.js').Provider} provider
 * @returns {HTMLElement}
 */
export function makeProvider(provider) {
    /** @param {string} name @param {string} label */
    const cell = (name, label) => make(
        'td', { class: name, 'data-label': label, role: 'cell' });
    const row = make('tr', { role: 'row' }, cell('what', 'State'),
        make('th', { scope: 'row', role: 'rowheader', 'data-label': 'Address' },
            make('a', { href: nodeHref(provider.path) }, provider.address)),
        cell('version', 'Version'), cell('pid', 'Process'),
        cell('monitor', 'Monitor'), cell('weight', 'Weight'),
        cell('since', 'Since'), cell('actions', 'Change'));
    return row;
}

/**
 * Show in its row what a provider is now.
 * @param {HTMLElement} row
 * @param {import('./model.js').Provider} provider
 * @param {import('./page.js').Page} page
 */
export function dressProvider(row, provider, page) {
    const written = JSON.stringify([provider, page.store.changes]);
    if (row.dataset.written === written) {
        return;
    }
    const known = row.dataset.written !== undefined;
    const was = row.dataset.state;
    row.dataset.written = written;
    row.dataset.state = provider.state;
    /** @param {string} name */
    const cell = (name) => /** @type {HTMLElement} */ (
        row.querySelector(`.${name}`));
    fill(cell('what'), stateElement(provider.state),
        provider.error && make('p', { class: 'fault-text' },
            provider.error));
    fill(cell('version'), provider.version ?? '\u2013');
    fill(cell('pid'), provider.pid ?? '\u2013');
    fill(cell('monitor'), provider.monitor ?? '\u2013');
    fill(cell('weight'), provider.weight ?? 1);
    const since = provider.gone ?? provider.since;
    fill(cell('since'), since ? age(since) : '\u2013');
    if (known && was !== provider.state) {
        // Shown for a moment, by the style sheet
        row.classList.remove('fresh');
        void row.offsetWidth;
        row.classList.add('fresh');
    }
    const actions = cell('actions');
    const focused = actions.contains(document.activeElement);
    actions.hidden = !page.store.changes || provider.state === 'gone';
    if (!actions.hidden) {
        fill(actions, ...offers(row, provider, page));
        if (focused) {
            actions.querySelector('button')?.focus();
        }
    }
}

/**
 * Return what may be done to a provider.
 * @param {HTMLElement} row
 * @param {import('./model.js').Provider} provider
 * @param {import('./page.js').Page} page
 */
function offers(row, provider, page) {
    const { path } = provider;
    const actions = /** @type {HTMLElement} */ (
        row.querySelector('.actions'));
    const drain = provider.state !== 'draining';
    return [
        button(drain ? 'Drain' : 'Take back', () => page.change(
            actions, 'drain', { path, drain }),
        { class: 'small', 'aria-label': drain
            ? `Drain ${provider.address}`
            : `Take ${provider.address} back` }),
        button('Weight\u2026', () => askWeight(actions, provider, page),
            { class: 'small',
                'aria-label': `Change the weight of ${provider.address}` }),
    ];
}

/**
 * Ask for a weight in place of the buttons.
 * @param {HTMLElement} actions
 * @param {import('./model.js').Provider} provider
 * @param {import('./page.js').Page} page
 */
function askWeight(actions, provider, page) {
    const input = make('input', {
        type: 'number', min: 0, step: 'any', class: 'weight-input',
        required: true, 'aria-label': `Weight of ${provider.address}`,
        value: provider.weight ?? 1 });
    const back = () => {
        const row = /** @type {HTMLElement} */ (actions.closest('tr'));
        fill(actions, ...offers(row, provider, page));
        actions.querySelectorAll('button')[1]?.focus();
    };
    fill(actions, make('form', { class: 'inline', on: {
        /** @param {Event} event */
        submit: async (event) => {
            event.preventDefault();
            const done = await page.change(actions, 'weight', {
                path: provider.path, weight: Number(input.value) });
            if (done) {
                back();
            }
        },
        /** @param {KeyboardEvent} event */
        keydown: (event) => event.key === 'Escape' && back(),
    } }, input, make('button', { type: 'submit', class: 'small primary' },
        'Set'), button('Cancel', back, { class: 'small' })));
    input.focus();
    input.select();
}
