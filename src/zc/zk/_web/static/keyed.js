/**
 * A list of elements that follows a list of things.  An element stays as
 * long as its thing does, and with it the focus and what was opened.
 */

/** @type {WeakMap<Element, Map<string, HTMLElement>>} */
const KEPT = new WeakMap();

/**
 * Make, update, move and remove the children of an element.
 * @template T
 * @param {Element} parent  has no other children
 * @param {T[]} things
 * @param {(thing: T) => string} keyOf
 * @param {(thing: T) => HTMLElement} makeOne
 * @param {(element: HTMLElement, thing: T) => void} update
 *   called for each thing, a new one as well
 */
export function keep(parent, things, keyOf, makeOne, update) {
    const before = KEPT.get(parent) ?? new Map();
    /** @type {Map<string, HTMLElement>} */
    const now = new Map();
    for (const thing of things) {
        const key = keyOf(thing);
        const element = before.get(key) ?? makeOne(thing);
        update(element, thing);
        now.set(key, element);
    }
    for (const [key, element] of before) {
        if (!now.has(key)) {
            element.remove();
        }
    }
    // An element is moved only if it is not in its place: moving one takes
    // its focus away.
    let place = parent.firstElementChild;
    for (const element of now.values()) {
        if (element === place) {
            place = place.nextElementSibling;
        } else {
            parent.insertBefore(element, place);
        }
    }
    KEPT.set(parent, now);
}
