/**
 * What ZooKeeper itself knows of a node: its data as they are, ACL, stat.
 */
import { button } from './elements.js';
import { make } from './elements.js';
import { printableLines } from './printable.js';
import { isHidden } from './secrets.js';
import { valueElement } from './secrets.js';
import { valueText } from './secrets.js';
import { wholeTime } from './times.js';

// Characters of raw data that are shown at first
const MUCH = 20000;
/** @type {Record<string, string>} what a figure of the stat means */
const MEANINGS = {
    czxid: 'Made by', mzxid: 'Changed by', pzxid: 'Children changed by',
    ctime: 'Made at', mtime: 'Changed at', version: 'Version of the data',
    cversion: 'Version of the children', aversion: 'Version of the ACL',
    ephemeralOwner: 'Session of its owner', dataLength: 'Bytes of data',
    numChildren: 'Children',
};

/** @param {import('./model.js').ZNode} node */
export function raw(node) {
    if (!node.raw) {
        return null;
    }
    if (isHidden(node.raw)) {
        return make('details', { class: 'part' },
            make('summary', {}, 'Raw data'),
            make('p', {}, valueElement(node.path, '', node.raw)));
    }
    const data = node.raw;
    const text = make('pre', { tabindex: 0, role: 'region',
        'aria-label': 'Raw data' });
    text.textContent = printableLines(data.slice(0, MUCH));
    const more = data.length > MUCH && button('Show all', () => {
        text.textContent = printableLines(data);
        more && more.remove();
    });
    const binary = node.encoding === 'base64';
    return make('details', { class: 'part' },
        make('summary', {}, binary
            ? 'Raw data (not text, shown in base64)' : 'Raw data'),
        text, more);
}

/** @param {import('./model.js').ZNode} node */
export function acl(node) {
    return make('details', { class: 'part' }, make('summary', {}, 'ACL'),
        make('ul', { class: 'plain' }, ...(node.acl ?? []).map(
            (each) => make('li', {}, typeof each === 'object' && each
                ? `${[each.perms].flat().join(' ')} for ${each.scheme}`
                    + (each.id ? `:${each.id}` : '')
                : valueText(each)))));
}

/** @param {import('./model.js').ZNode} node */
export function stat(node) {
    const names = Object.keys(node.stat ?? {});
    const known = Object.keys(MEANINGS).filter((name) => names.includes(name));
    const others = names.filter((name) => !known.includes(name));
    return make('details', { class: 'part' }, make('summary', {}, 'Stat'),
        make('dl', { class: 'properties' }, ...[...known, ...others].map(
            (name) => {
                const value = node.stat[name];
                return make('div', {}, make('dt', {},
                    MEANINGS[name] ?? name),
                make('dd', {}, typeof value === 'string' && value
                    && /time|created|modified/.test(name) ? wholeTime(value)
                    : valueText(value ?? '\u2013')));
            })));
}
