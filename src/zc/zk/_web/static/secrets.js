/**
 * Values, shown as text.  One that may be a secret is not on this page
 * until it is asked for.
 */
import { button } from './elements.js';
import { fill } from './elements.js';
import { make } from './elements.js';
import { printableLines } from './printable.js';
import { get } from './server.js';

/**
 * Tell whether a value is one that the server keeps back.
 * @param {any} value
 * @returns {value is import('./model.js').Hidden}
 */
export function isHidden(value) {
    return typeof value === 'object' && value !== null
        && value.hidden === true && Object.keys(value).length === 1;
}

/**
 * Return a value as text: strings as they are, others as JSON.
 * @param {any} value
 */
export function valueText(value) {
    return typeof value === 'string' ? value
        : JSON.stringify(value, null, 1)?.replace(/\n\s*/g, ' ') ?? '';
}

/**
 * Make the element of a value.
 * @param {any} value
 */
function plain(value) {
    const element = make('span', {
        class: `value ${typeof value === 'string' ? 'text' : 'json'}` });
    element.textContent = printableLines(valueText(value));
    return element;
}

/**
 * Make the element of a property's value.
 * @param {string} path  of the node
 * @param {string} name  of the property; empty: of all the data
 * @param {import('./model.js').Value} value
 */
export function valueElement(path, name, value) {
    if (!isHidden(value)) {
        return plain(value);
    }
    const element = make('span', { class: 'secret' });
    const hide = () => fill(element,
        make('span', { class: 'dots', 'aria-hidden': 'true' },
            '\u2022\u2022\u2022\u2022\u2022\u2022'),
        button('Show', show, { class: 'small',
            'aria-label': `Show ${name ? `the value of ${name}`
                : 'the raw data'}` }));
    const show = async () => {
        let shown;
        try {
            shown = plain((await get('secret', { path, name })).value);
        } catch (error) {
            shown = make('span', { class: 'fault' },
                /** @type {Error} */ (error).message);
        }
        const again = button('Hide', () => {
            hide();
            element.querySelector('button')?.focus();
        }, { class: 'small', 'aria-label': `Hide ${name ? `the value of ${name}`
            : 'the raw data'}` });
        fill(element, shown, again);
        again.focus();
    };
    hide();
    return element;
}
