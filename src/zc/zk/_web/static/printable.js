/**
 * Text from ZooKeeper, made safe to look at.  It was written by others: it
 * may hold escapes of a terminal, or characters that turn or hide the text
 * around them.
 */

// Controls, and what turns or hides text: bidirectional marks, zero widths,
// line separators, tags, halves of a surrogate pair.
const UNSEEN = new RegExp(
    '[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f'
    + '\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb'
    + '\\u{e0000}-\\u{e007f}\\p{Cs}]', 'gu');

/**
 * Return a picture of one character that cannot be seen.
 * @param {string} character
 */
function picture(character) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20) {
        return String.fromCodePoint(0x2400 + code);
    }
    if (code === 0x7f) {
        return '\u2421';
    }
    return `\u27e8U+${code.toString(16).toUpperCase().padStart(4, '0')}\u27e9`;
}

/**
 * Return a text with all characters that cannot be seen made visible.
 * @param {unknown} text
 */
export function printable(text) {
    return String(text).replace(UNSEEN, picture);
}

/**
 * Return a text of several lines, made safe; line ends and tabs stay.
 * @param {unknown} text
 */
export function printableLines(text) {
    return String(text).replace(
        UNSEEN, (each) => each === '\n' || each === '\t' ? each
            : picture(each));
}
