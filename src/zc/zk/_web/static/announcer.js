/**
 * What a screen reader says when something happens elsewhere on the page.
 */
import { byId } from './elements.js';
import { fill } from './elements.js';

// Milliseconds between two texts: under churn only the newest is said.
const EACH = 1500;
let waiting = 0;
let next = '';

/**
 * Have a text said soon.
 * @param {string} text
 */
export function announce(text) {
    next = text;
    if (!waiting) {
        waiting = setTimeout(() => {
            waiting = 0;
            fill(byId('announcer'), next);
        }, EACH);
    }
}
