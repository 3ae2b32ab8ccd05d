/**
 * Times in the reader's zone and words, and ages that go on by themselves.
 */
import { make } from './elements.js';

const CLOCK = new Intl.DateTimeFormat(
    undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat(
    undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const WHOLE = new Intl.DateTimeFormat(undefined, {
    dateStyle: 'medium', timeStyle: 'long' });
// Milliseconds between looks at the ages
const EACH = 5000;

/**
 * Return the text of a time of day.
 * @param {string} iso
 */
export function clock(iso) {
    return CLOCK.format(new Date(iso));
}

/**
 * Return the text of a day.
 * @param {string} iso
 */
export function day(iso) {
    return DAY.format(new Date(iso));
}

/**
 * Return an age in words.
 * @param {number} milliseconds
 */
export function ageText(milliseconds) {
    const seconds = Math.max(0, Math.round(milliseconds / 1000));
    if (seconds < 60) {
        return `${seconds} s`;
    }
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) {
        return `${minutes} min`;
    }
    const hours = Math.floor(minutes / 60);
    if (hours < 48) {
        return `${hours} h`;
    }
    return `${Math.floor(hours / 24)} days`;
}

/**
 * Make the element of a time.
 * @param {string} iso
 * @param {(iso: string) => string} [format]
 */
function timeElement(iso, format) {
    const date = new Date(iso);
    if (Number.isNaN(date.getTime())) {
        return make('time', {}, iso);
    }
    return make('time', { datetime: iso, title: WHOLE.format(date) },
        (format ?? ((each) => WHOLE.format(new Date(each))))(iso));
}

/**
 * Make an element with the day, the time and the zone.
 * @param {string} iso
 */
export function wholeTime(iso) {
    return timeElement(iso);
}

/**
 * Make an element with the time of day.
 * @param {string} iso
 */
export function clockTime(iso) {
    return timeElement(iso, clock);
}

/**
 * Make an element with an age, which goes on.
 * @param {string} iso
 */
export function age(iso) {
    const element = timeElement(
        iso, (each) => ageText(Date.now() - Date.parse(each)));
    element.classList.add('age');
    return element;
}

/** Bring all ages on the page up to now. */
function pass() {
    for (const element of document.querySelectorAll('time.age[datetime]')) {
        const since = Date.parse(element.getAttribute('datetime') ?? '');
        const text = ageText(Date.now() - since);
        if (element.textContent !== text) {
            element.textContent = text;
        }
    }
}

setInterval(pass, EACH);
