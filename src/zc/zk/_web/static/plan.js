/**
 * The view of a plan: a tree's text is pasted in, what it would change is
 * shown, and then done, if nobody else was faster.
 */
import { announce } from './announcer.js';
import { button } from './elements.js';
import { fill } from './elements.js';
import { make } from './elements.js';
import { post } from './server.js';
import { shape } from './shapes.js';

export class PlanView {
    title = 'Plan';

    /** @param {import('./page.js').Page} page */
    constructor(page) {
        this.page = page;
        this.text = make('textarea', { id: 'plan-text', rows: 12,
            spellcheck: 'false', required: true,
            on: { input: () => fill(this.result) } });
        this.text.placeholder = '/database : postgres\n'
            + '  name = \'accounts\'';
        this.path = make('input', { id: 'plan-path', spellcheck: 'false',
            placeholder: '/', on: { input: () => fill(this.result) } });
        this.trim = make('input', { id: 'plan-trim', type: 'checkbox',
            on: { input: () => fill(this.result) } });
        this.result = make('div', { class: 'result', 'aria-live': 'polite' });
        this.element = make('section', { class: 'view planned' },
            make('div', { class: 'heading' },
                make('h1', { tabindex: -1 }, 'Plan')),
            make('form', { on: {
                /** @param {Event} event */
                submit: (event) => {
                    event.preventDefault();
                    this.#plan();
                } } },
            make('label', { for: 'plan-text' }, 'Text of the tree'),
            this.text,
            make('div', { class: 'buttons' },
                make('label', { for: 'plan-path' }, 'Below'), this.path,
                make('label', { class: 'check' }, this.trim,
                    'Delete what the text does not have'),
                make('span', { class: 'stretch' }),
                make('button', { type: 'submit', class: 'primary' },
                    'Show the changes'))),
            this.result);
    }

    async show() {
        if (this.page.store.status === null) {
            await this.page.store.loadStatus();
        }
        if (!this.page.store.changes) {
            this.#problem('Changes are not allowed here. Start the server '
                + 'of this page with --allow-changes.');
        }
    }

    hide() {}

    get #csrf() {
        return this.page.store.status?.csrf ?? '';
    }

    /** @param {string} text */
    #problem(text) {
        fill(this.result, make('p', { class: 'state fault' },
            shape('failing'), make('span', {}, text)));
    }

    async #plan() {
        try {
            const { diff, plan } = await post('plan', {
                text: this.text.value, path: this.path.value || '/',
                trim: this.trim.checked }, this.#csrf);
            if (!diff.length) {
                fill(this.result, make('p', { class: 'state' },
                    shape('ready'),
                    make('span', {}, 'All is as the text says already.')));
                return;
            }
            fill(this.result, make('h2', {}, 'What would change'),
                diffElement(diff), make('div', { class: 'buttons' },
                    make('span', { class: 'stretch' }),
                    button('Discard', () => fill(this.result)),
                    button('Apply', () => this.#apply(plan),
                        { class: 'primary' })));
        } catch (error) {
            this.#problem(/** @type {Error} */ (error).message);
        }
    }

    /** @param {any} plan */
    async #apply(plan) {
        try {
            await post('apply', { plan }, this.#csrf);
        } catch (error) {
            this.#problem(/** @type {Error} */ (error).message);
            return;
        }
        announce('The plan is applied');
        fill(this.result, make('p', { class: 'state' }, shape('ready'),
            make('span', {}, 'The plan is applied.')));
    }
}

/**
 * Make the element of a diff.
 * @param {string[]} lines
 */
function diffElement(lines) {
    return make('pre', { class: 'diff', tabindex: 0, role: 'region',
        'aria-label': 'Changes' }, ...lines.map((line) => make('span', {
        class: line.startsWith('+') ? 'plus' : line.startsWith('-')
            ? 'minus' : 'same' }, `${line.slice(0, 1)} ${line.slice(1)} `)));
}
