/**
 * States, told by a shape as well as by a word and a colour.
 */
import { draw } from './elements.js';
import { make } from './elements.js';

/** @type {Record<string, () => SVGElement[]>} */
const SHAPES = {
    ready: () => [draw('circle', { cx: 6, cy: 6, r: 5, class: 'solid' })],
    draining: () => [
        draw('circle', { cx: 6, cy: 6, r: 4.25, class: 'line' }),
        draw('path', { d: 'M6 1.75 A4.25 4.25 0 0 0 6 10.25 Z',
            class: 'solid' })],
    failing: () => [
        draw('path', { d: 'M6 .8 L11.6 11 H.4 Z', class: 'solid' })],
    gone: () => [
        draw('circle', { cx: 6, cy: 6, r: 4.25, class: 'line dashed' })],
    came: () => [
        draw('path', { d: 'M6 1.5 V10.5 M1.5 6 H10.5', class: 'line' })],
    went: () => [draw('path', { d: 'M1.5 6 H10.5', class: 'line' })],
    changed: () => [
        draw('path', { d: 'M1 7.5 Q3.5 2.5 6 6 T11 4.5', class: 'line' })],
    note: () => [
        draw('rect', { x: 1.5, y: 1.5, width: 9, height: 9, rx: 2,
            class: 'line' })],
};

/** What each state is called. */
export const WORDS = {
    ready: 'ready', draining: 'draining', failing: 'failing its check',
    gone: 'gone a moment ago', came: 'came', went: 'went',
    changed: 'changed',
};

/**
 * Make the shape of a state; a word stands beside it.
 * @param {string} state
 */
export function shape(state) {
    const kind = Object.hasOwn(SHAPES, state) ? state : 'note';
    return draw('svg', {
        class: `shape ${kind}`, viewBox: '0 0 12 12', 'aria-hidden': 'true',
    }, ...SHAPES[kind]());
}

/**
 * Make the shape and the word of a state.
 * @param {string} state
 * @param {string} [word]
 */
export function stateElement(state, word = undefined) {
    const words = /** @type {Record<string, string>} */ (WORDS);
    return make('span', { class: 'state' }, shape(state), make('span', {},
        word ?? (Object.hasOwn(words, state) ? words[state] : state)));
}
