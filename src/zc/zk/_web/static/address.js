/**
 * Addresses: which view of what, as the address line says it.  Each view
 * has an address of its own, that can be kept, sent and gone back to.
 */

/**
 * @typedef {object} Address
 * @property {string} view
 * @property {string} path  a path in ZooKeeper, of the view tree
 * @property {Record<string, string>} query
 */

/** The path of the page on its server, with a slash at the end. */
export const ROOT = new URL(document.baseURI).pathname.replace(/[^/]*$/, '');

/**
 * Return the address of a view, for a link.
 * @param {string} view
 * @param {Record<string, string>} [query]
 */
export function viewHref(view, query = {}) {
    const words = String(new URLSearchParams(
        Object.entries(query).filter(([, value]) => value !== '')));
    return ROOT + view + (words && `?${words}`);
}

/**
 * Return the address of a node in the view tree.
 * @param {string} path
 */
export function nodeHref(path) {
    return `${ROOT}tree/`
        + path.split('/').slice(1).map(encodeURIComponent).join('/');
}

/**
 * Read an address.
 * @param {string} text  an absolute address
 * @returns {Address}
 */
export function parseAddress(text) {
    const url = new URL(text);
    const [view, ...names] = url.pathname.slice(ROOT.length).split('/');
    return {
        view: view || 'services',
        path: '/' + names.filter((name) => name).map(decoded).join('/'),
        query: Object.fromEntries(url.searchParams),
    };
}

/**
 * Return a part of an address as it was before it was quoted.
 * @param {string} part
 */
function decoded(part) {
    try {
        return decodeURIComponent(part);
    } catch {
        return part;        // someone typed a lone %
    }
}

/**
 * Return a path and the paths above it, the root first.
 * @param {string} path
 */
export function ancestry(path) {
    const paths = ['/'];
    let above = '';
    for (const name of path.split('/').filter((each) => each)) {
        above += `/${name}`;
        paths.push(above);
    }
    return paths;
}

/**
 * Return the path of a child.
 * @param {string} path
 * @param {string} name
 */
export function childPath(path, name) {
    return path === '/' ? `/${name}` : `${path}/${name}`;
}

/**
 * Return the path of a node's parent and its own name.
 * @param {string} path
 * @returns {[string, string]}
 */
export function splitPath(path) {
    const at = path.lastIndexOf('/');
    return [path.slice(0, at) || '/', path.slice(at + 1)];
}
