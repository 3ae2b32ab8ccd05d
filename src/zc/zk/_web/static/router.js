/**
 * Going from view to view without loading the page anew.
 */
import { ROOT } from './address.js';
import { parseAddress } from './address.js';

export class Router {
    /**
     * @param {(address: import('./address.js').Address,
     *          asked: boolean) => void} onAddress
     *   called at the start, and whenever the address has changed
     */
    constructor(onAddress) {
        this.onAddress = onAddress;
        document.addEventListener('click', (event) => this.#clicked(event));
        window.addEventListener('popstate', () => this.#arrived(true));
    }

    start() {
        this.#arrived(false);
    }

    /**
     * Go to an address.
     * @param {string} href
     * @param {boolean} [instead]  forget the address that was left?
     */
    go(href, instead = false) {
        if (instead) {
            history.replaceState(null, '', href);
        } else if (new URL(href, location.href).href !== location.href) {
            history.pushState(null, '', href);
        }
        this.#arrived(true);
    }

    /** @param {boolean} asked  did the user go there just now? */
    #arrived(asked) {
        this.onAddress(parseAddress(location.href), asked);
    }

    /** @param {MouseEvent} event */
    #clicked(event) {
        const link = event.target instanceof Element
            && event.target.closest('a[href]');
        if (!link || event.defaultPrevented || event.button !== 0
            || event.metaKey || event.ctrlKey || event.shiftKey
            || event.altKey) {
            return;
        }
        const href = link instanceof SVGAElement ? link.href.baseVal
            : /** @type {HTMLAnchorElement} */ (link).href;
        const url = new URL(href, document.baseURI);
        const within = url.pathname.slice(ROOT.length);
        if (url.origin !== location.origin
            || !url.pathname.startsWith(ROOT)
            || /^(api|static|plain)\//.test(within)) {
            return;
        }
        event.preventDefault();
        this.go(url.href);
    }
}
