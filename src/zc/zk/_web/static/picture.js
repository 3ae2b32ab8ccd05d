/**
 * The picture of an architecture, drawn as SVG: boxes are links to nodes.
 */
import { nodeHref } from './address.js';
import { draw } from './elements.js';
import { shape } from './shapes.js';

// In units of the picture, which are pixels unless it is scaled down
const BOX = { width: 216, height: 60 };
const GAP = { x: 80, y: 32 };
// Between arrows that go side by side, and how many do
const LANE = { width: 5, count: 5 };
const MARGIN = 16;
// The scale at which texts are still read well
const SMALLEST = 0.8;
// Characters that fit into a box
const FITS = { label: 19, type: 22 };

/**
 * @typedef {import('./model.js').Box} Box
 * @typedef {import('./model.js').Arrow} Arrow
 * @typedef {import('./layout.js').Places} Places
 */

/**
 * Return a text that fits, its end kept: paths differ there.
 * @param {string} text
 * @param {number} size
 */
function fitting(text, size) {
    const characters = [...text];
    return characters.length <= size ? text
        : '\u2026' + characters.slice(1 - size).join('');
}

/**
 * Return the upper left corner of a place.
 * @param {import('./layout.js').Place} place
 */
function corner(place) {
    return {
        x: MARGIN + place.column * (BOX.width + GAP.x),
        y: MARGIN + place.row * (BOX.height + GAP.y),
    };
}

/**
 * Return the way from box to box.
 * @param {import('./layout.js').Place} from
 * @param {import('./layout.js').Place} to
 * @param {Set<string>} taken  the places where boxes stand
 * @param {number} index  of the arrow
 */
function way(from, to, taken, index) {
    const start = corner(from);
    const end = corner(to);
    const x1 = start.x + BOX.width;
    const y1 = start.y + BOX.height / 2;
    const x2 = end.x - 7;
    const y2 = end.y + BOX.height / 2;
    const shift = LANE.width
        * (index % LANE.count - (LANE.count - 1) / 2);
    if (from.column < to.column) {
        if (!between(from, to, taken)) {
            const bend = Math.max(GAP.x / 2, (x2 - x1) / 2.5);
            return `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} `
                + `${x2} ${y2}`;
        }
        // Along the gap between two rows, past the boxes in between
        const row = Math.max(from.row, to.row);
        const y = corner({ column: 0, row }).y
            + (from.row === to.row ? BOX.height + GAP.y / 2
                : -GAP.y / 2) + shift;
        const half = GAP.x / 2;
        return `M${x1} ${y1} C${x1 + half} ${y1} ${x1 + half - 10} ${y} `
            + `${x1 + GAP.x} ${y} L${x2 - GAP.x + 7} ${y} `
            + `C${x2 - half + 10} ${y} ${x2 - half} ${y2} ${x2} ${y2}`;
    }
    // Back, or within a column: around the boxes, from below
    const y = Math.max(start.y, end.y) + BOX.height + GAP.y / 2 + shift;
    return `M${x1} ${y1} C${x1 + 45} ${y1} ${x1 + 45} ${y} ${x1 - 8} ${y} `
        + `L${x2 + 14} ${y} C${x2 - 40} ${y} ${x2 - 40} ${y2} ${x2} ${y2}`;
}

/**
 * Tell whether boxes stand between two others.
 * @param {import('./layout.js').Place} from
 * @param {import('./layout.js').Place} to
 * @param {Set<string>} taken
 */
function between(from, to, taken) {
    const low = Math.min(from.row, to.row);
    const high = Math.max(from.row, to.row);
    for (let column = from.column + 1; column < to.column; column++) {
        for (let row = low; row <= high; row++) {
            if (taken.has(`${column} ${row}`)) {
                return true;
            }
        }
    }
    return false;
}

/**
 * Draw an arrow from box to box.
 * @param {Arrow} arrow
 * @param {Places} places
 * @param {Set<string>} taken  the places where boxes stand
 * @param {number} index  of the arrow
 */
function drawArrow(arrow, places, taken, index) {
    const [from, to] = [places.get(arrow.from), places.get(arrow.to)];
    if (!from || !to) {
        return null;
    }
    const end = corner(to);
    const head = { x: end.x - 1, y: end.y + BOX.height / 2 };
    const broken = arrow.kind === 'broken' || arrow.kind === 'missing';
    return draw('g', { class: `arrow${broken ? ' broken' : ''}`,
        'data-from': arrow.from, 'data-to': arrow.to },
    draw('title', {}, `${arrow.from} uses ${arrow.to}`
        + (arrow.label ? ` as ${arrow.label}` : '')
        + (broken ? ', which is not there' : '')),
    draw('path', { d: way(from, to, taken, index) }),
    draw('path', { class: 'head',
        d: `M${head.x} ${head.y} l-9 -5 v10 Z` }));
}

/**
 * Draw a box.
 * @param {Box} box
 * @param {Places} places
 * @param {import('./model.js').Card | undefined} card
 */
function drawBox(box, places, card) {
    const place = places.get(box.id);
    if (!place) {
        return null;
    }
    const { x, y } = corner(place);
    const ready = card?.providers.filter(
        (each) => each.state === 'ready').length ?? 0;
    const missing = box.kind === 'missing' || box.kind === 'broken';
    const state = missing ? 'failing' : ready ? 'ready' : 'gone';
    const below = missing ? 'is not there'
        : [box.type, ready === 1 ? '1 ready' : `${ready} ready`]
            .filter((each) => each).join(' \u00b7 ');
    const mark = shape(state);
    for (const [name, value] of Object.entries(
        { x: 14, y: 17, width: 12, height: 12 })) {
        mark.setAttribute(name, String(value));
    }
    return draw('a', { href: nodeHref(box.id), class: `box ${state}`,
        'data-id': box.id, transform: `translate(${x} ${y})`,
        'aria-label': `${box.id}, ${below}` },
    draw('title', {}, box.id),
    draw('rect', { width: BOX.width, height: BOX.height, rx: 10 }),
    mark,
    draw('text', { x: 34, y: 27, class: 'label' },
        fitting(box.label.split('\n')[0] || box.id, FITS.label)),
    draw('text', { x: 34, y: 45, class: 'below' },
        fitting(below, FITS.type)));
}

/**
 * Make the picture.
 * @param {Box[]} boxes
 * @param {Arrow[]} arrows
 * @param {Places} places
 * @param {Map<string, import('./model.js').Card>} cards  by path
 */
export function makePicture(boxes, arrows, places, cards) {
    const columns = 1 + Math.max(
        ...[...places.values()].map(({ column }) => column));
    const rows = 1 + Math.max(
        ...[...places.values()].map(({ row }) => row));
    const taken = new Set([...places].filter(
        ([id]) => boxes.some((box) => box.id === id)).map(
        ([, place]) => `${place.column} ${place.row}`));
    const width = 2 * MARGIN + columns * (BOX.width + GAP.x) - GAP.x;
    const height = 2 * MARGIN + rows * (BOX.height + GAP.y);
    const picture = draw('svg', { viewBox: `0 0 ${width} ${height}`, width,
        height, role: 'group', 'aria-label': 'Services and their links' },
    ...arrows.map((arrow, index) => drawArrow(arrow, places, taken, index)),
    ...boxes.map((box) => drawBox(box, places, cards.get(box.id))));
    picture.style.minWidth = `${SMALLEST * width}px`;
    return picture;
}
