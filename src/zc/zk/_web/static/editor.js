/**
 * Changing the properties of a node.  What is written replaces what was
 * seen; if someone else wrote meanwhile, both are shown, and nothing is lost.
 */
import { announce } from './announcer.js';
import { button } from './elements.js';
import { fill } from './elements.js';
import { make } from './elements.js';
import { isHidden } from './secrets.js';
import { valueText } from './secrets.js';
import { Refusal } from './server.js';
import { post } from './server.js';
import { shape } from './shapes.js';

/**
 * Return the value that a text means: JSON where it is some, else text.
 * @param {string} text
 */
export function meant(text) {
    try {
        return JSON.parse(text);
    } catch {
        return text;
    }
}

/**
 * Return a value as a text that means it again.
 * @param {any} value
 */
export function editable(value) {
    if (typeof value !== 'string') {
        return JSON.stringify(value);
    }
    // A text such as 12 needs its quotes to stay a text.
    return meant(value) === value ? value : JSON.stringify(value);
}

export class PropertiesEditor {
    /**
     * @param {import('./page.js').Page} page
     * @param {import('./model.js').ZNode} node
     * @param {() => void} done
     */
    constructor(page, node, done) {
        this.page = page;
        this.path = node.path;
        this.version = node.stat.version;
        this.done = done;
        this.rows = make('div', { class: 'edits' });
        this.problem = make('div', { role: 'alert' });
        for (const name of Object.keys(node.properties).sort()) {
            this.#add(name, node.properties[name]);
        }
        this.element = make('form', { class: 'part editor', on: {
            /** @param {Event} event */
            submit: (event) => {
                event.preventDefault();
                this.#save();
            },
            /** @param {KeyboardEvent} event */
            keydown: (event) => event.key === 'Escape' && done(),
        } }, make('h2', {}, 'Change properties'),
        make('p', { class: 'quiet' }, 'A value is JSON, or else a text.'),
        this.rows, this.problem, make('div', { class: 'buttons' },
            button('Add a property', () => this.#add('', '').focus()),
            make('span', { class: 'stretch' }),
            button('Cancel', done),
            make('button', { type: 'submit', class: 'primary' }, 'Save')));
    }

    start() {
        this.element.querySelector('textarea')?.focus();
    }

    /**
     * @param {string} name
     * @param {any} value
     */
    #add(name, value) {
        const key = make('input', { 'aria-label': 'Name', class: 'key',
            required: true, spellcheck: 'false' });
        key.value = name;
        const row = make('div', { class: 'edit' }, key);
        const text = make('textarea', { rows: 1, spellcheck: 'false',
            'aria-label': `Value of ${name || 'the new property'}` });
        const remove = button('Remove', () => row.remove(), {
            class: 'small', 'aria-label': `Remove ${name || 'this'}` });
        if (isHidden(value)) {
            row.dataset.kept = 'yes';
            row.append(make('span', { class: 'quiet kept' },
                'hidden, stays as it is',
                button('Replace', () => {
                    delete row.dataset.kept;
                    row.querySelector('.kept')?.replaceWith(text);
                    text.focus();
                }, { class: 'small',
                    'aria-label': `Replace the value of ${name}` })));
        } else {
            text.value = editable(value);
            row.append(text);
        }
        row.append(remove);
        this.rows.append(row);
        return key;
    }

    /** Return the properties as they are in the form. */
    get properties() {
        return Object.fromEntries([...this.rows.children].map((row) => {
            const key = /** @type {HTMLInputElement} */ (
                row.querySelector('.key'));
            const text = row.querySelector('textarea');
            return [key.value,
                /** @type {HTMLElement} */ (row).dataset.kept || !text
                    ? { hidden: true } : meant(text.value)];
        }));
    }

    async #save() {
        fill(this.problem);
        try {
            await post('set', { path: this.path, version: this.version,
                properties: this.properties },
            this.page.store.status?.csrf ?? '');
        } catch (error) {
            this.#failed(/** @type {Refusal} */ (error));
            return;
        }
        announce(`The properties of ${this.path} are changed`);
        this.done();
    }

    /** @param {Refusal} error */
    #failed(error) {
        if (error.status !== 409 || !error.data?.theirs) {
            fill(this.problem, make('p', { class: 'state fault' },
                shape('failing'), make('span', {}, error.message)));
            return;
        }
        const { theirs, version } = error.data;
        const mine = this.properties;
        const names = [...new Set([
            ...Object.keys(mine), ...Object.keys(theirs)])].sort();
        /** @param {any} value */
        const text = (value) => value === undefined ? 'not there'
            : isHidden(value) ? 'hidden' : valueText(value);
        fill(this.problem, make('div', { class: 'conflict' },
            make('h3', {}, shape('failing'),
                'Someone else changed this node meanwhile'),
            make('table', { class: 'both' },
                make('thead', {}, make('tr', {}, make('td'),
                    make('th', { scope: 'col' }, 'Yours'),
                    make('th', { scope: 'col' }, 'Theirs'))),
                make('tbody', {}, ...names.map((name) => make('tr', {
                    class: text(mine[name]) === text(theirs[name]) ? null
                        : 'differs' },
                make('th', { scope: 'row' }, name),
                make('td', {}, text(mine[name])),
                make('td', {}, text(theirs[name])))))),
            make('div', { class: 'buttons' },
                button('Keep theirs', this.done),
                button('Write mine over it', () => {
                    this.version = version;
                    this.#save();
                }, { class: 'primary' }))));
        this.problem.querySelector('button')?.focus();
    }
}
