/**
 * Elements of the page.  All text goes in as text, made printable: nothing
 * that comes from ZooKeeper is ever read as HTML.
 */
import { printable } from './printable.js';

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @typedef {Node | string | number | null | undefined | false} Part
 * @typedef {Record<string, any>} Attributes
 */

/**
 * Set attributes: `on` holds listeners, null and false leave one out.
 * @param {Element} element
 * @param {Attributes} attributes
 */
function dress(element, attributes) {
    for (const [name, value] of Object.entries(attributes)) {
        if (name === 'on') {
            for (const [event, listener] of Object.entries(value)) {
                element.addEventListener(event, listener);
            }
        } else if (value !== null && value !== undefined && value !== false) {
            element.setAttribute(
                name, value === true ? '' : printable(value));
        }
    }
}

/**
 * Put parts at the end of an element, texts as text.
 * @param {Element} element
 * @param {Part[]} parts
 */
export function add(element, ...parts) {
    for (const part of parts) {
        if (part instanceof Node) {
            element.append(part);
        } else if (part !== null && part !== undefined && part !== false) {
            element.append(printable(part));
        }
    }
}

/**
 * Make an element.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {Part[]} parts
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, attributes = {}, ...parts) {
    const element = document.createElement(tag);
    dress(element, attributes);
    add(element, ...parts);
    return element;
}

/**
 * Make an element of a picture.
 * @param {string} tag
 * @param {Attributes} [attributes]
 * @param {Part[]} parts
 * @returns {SVGElement}
 */
export function draw(tag, attributes = {}, ...parts) {
    const element = /** @type {SVGElement} */ (
        document.createElementNS(SVG, tag));
    dress(element, attributes);
    add(element, ...parts);
    return element;
}

/**
 * Make a button.
 * @param {string} text
 * @param {() => unknown} action
 * @param {Attributes} [attributes]
 */
export function button(text, action, attributes = {}) {
    return make('button', {
        type: 'button', ...attributes, on: { click: () => action() },
    }, text);
}

/**
 * Replace what is in an element.
 * @param {Element} element
 * @param {Part[]} parts
 */
export function fill(element, ...parts) {
    element.replaceChildren();
    add(element, ...parts);
}

/**
 * Return the element of the page with an id.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
    const element = document.getElementById(id);
    if (element === null) {
        throw new Error(`page.html has no element with the id ${id}`);
    }
    return element;
}
