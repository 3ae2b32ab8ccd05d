/**
 * The form that adds a link to a node, or points one elsewhere.
 */
import { button } from './elements.js';
import { fill } from './elements.js';
import { make } from './elements.js';

/**
 * Make the button that becomes the form.
 * @param {import('./page.js').Page} page
 * @param {import('./model.js').ZNode} node
 * @param {(editing: boolean) => void} onEditing
 *   told when the form is opened and closed
 */
export function linkForm(page, node, onEditing) {
    const place = make('div', { class: 'add' });
    const close = () => {
        closed();
        place.querySelector('button')?.focus();
        onEditing(false);
    };
    const closed = () => fill(place, button('Add a link\u2026', () => {
        const name = make('input', { required: true, spellcheck: 'false',
            'aria-label': 'Name of the link', placeholder: 'name' });
        const target = make('input', { required: true, spellcheck: 'false',
            'aria-label': 'Path that it leads to',
            placeholder: '/path/of/a/node' });
        fill(place, make('form', { class: 'inline', on: {
            /** @param {Event} event */
            submit: async (event) => {
                event.preventDefault();
                if (await page.change(place, 'link', { path: node.path,
                    name: name.value, target: target.value })) {
                    close();
                }
            },
            /** @param {KeyboardEvent} event */
            keydown: (event) => event.key === 'Escape' && close(),
        } }, name, make('span', { 'aria-hidden': 'true' }, '\u2192'), target,
        make('button', { type: 'submit', class: 'primary' }, 'Save'),
        button('Cancel', close)));
        onEditing(true);
        name.focus();
    }, { class: 'small' }));
    closed();
    return place;
}
