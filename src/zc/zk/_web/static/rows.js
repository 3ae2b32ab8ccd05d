/**
 * A list that makes elements only for the rows that are in sight, so that
 * 100,000 of them scroll as well as ten.
 */
import { fill } from './elements.js';
import { make } from './elements.js';

// Pixels.  A finger needs a higher row than a mouse does.
const HEIGHT = matchMedia('(pointer: coarse)').matches ? 44 : 32;
// Rows above and below those in sight
const MORE = 8;

export class Rows {
    /** The number of the row that the keyboard is on. */
    active = 0;
    #first = -1;
    #last = -1;

    /**
     * @param {string} label  for a screen reader
     * @param {object} owner
     * @param {() => number} owner.count
     * @param {(index: number) => HTMLElement} owner.row
     * @param {(index: number) => void} owner.needed  this row is in sight
     * @param {(event: KeyboardEvent, page: number) => void} owner.key
     *   `page` is how many rows are in sight
     */
    constructor(label, owner) {
        this.owner = owner;
        this.space = make('div', { class: 'space', role: 'presentation' });
        this.element = make('div', { class: 'rows', role: 'tree',
            tabindex: 0, 'aria-label': label, on: {
                scroll: () => this.draw(),
                /** @param {KeyboardEvent} event */
                keydown: (event) => owner.key(event, this.page),
            } }, this.space);
        new ResizeObserver(() => this.draw(true)).observe(this.element);
    }

    get page() {
        return Math.max(1, Math.floor(this.element.clientHeight / HEIGHT));
    }

    /**
     * Draw the rows that are in sight.
     * @param {boolean} [anew]  also those that are there already?
     */
    draw(anew = false) {
        const count = this.owner.count();
        const top = this.element.scrollTop;
        const first = Math.max(0, Math.floor(top / HEIGHT) - MORE);
        const last = Math.min(count - 1, Math.ceil(
            (top + this.element.clientHeight) / HEIGHT) + MORE);
        if (!anew && first === this.#first && last === this.#last) {
            return;
        }
        this.#first = first;
        this.#last = last;
        this.active = Math.max(0, Math.min(this.active, count - 1));
        this.space.style.height = `${count * HEIGHT}px`;
        const rows = [];
        for (let index = first; index <= last; index++) {
            const row = this.owner.row(index);
            row.id = `row-${index}`;
            row.style.transform = `translateY(${index * HEIGHT}px)`;
            row.style.height = `${HEIGHT}px`;
            row.classList.toggle('active', index === this.active);
            rows.push(row);
        }
        fill(this.space, ...rows);
        const there = this.active >= first && this.active <= last;
        if (there) {
            this.element.setAttribute(
                'aria-activedescendant', `row-${this.active}`);
        } else {
            this.element.removeAttribute('aria-activedescendant');
        }
        for (let index = first; index <= last; index++) {
            this.owner.needed(index);
        }
    }

    /**
     * Put the keyboard on a row, and bring it into sight.
     * @param {number} index
     */
    activate(index) {
        this.active = Math.max(0, Math.min(index, this.owner.count() - 1));
        const top = this.active * HEIGHT;
        const box = this.element;
        if (top < box.scrollTop) {
            box.scrollTop = top;
        } else if (top + HEIGHT > box.scrollTop + box.clientHeight) {
            box.scrollTop = top + HEIGHT - box.clientHeight;
        }
        this.draw(true);
    }
}
