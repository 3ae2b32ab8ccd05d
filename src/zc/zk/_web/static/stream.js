/**
 * The stream of what happens.  A page that nobody looks at closes it, since
 * a browser allows few connections to one server, and catches up when it is
 * looked at again; so does one whose machine was asleep.
 */
import { ROOT } from './address.js';

// Milliseconds.  The server says its status more often than the silence
// that shows a dead connection.
const SILENCE = 45000;
const LOOK = 5000;
const PAUSE = 2000;
const KINDS = ['status', 'changes', 'service', 'reload'];

/** @typedef {(kind: string, data: any) => void} Listener */

export class Stream {
    /** @type {EventSource | null} */
    #source = null;
    #last = '';
    /** Was there a stream before? */
    #before = false;
    #heard = 0;
    #waiting = 0;

    /**
     * @param {Listener} listener  gets each message of the server, and of
     *   our own `open` and `lost`
     */
    constructor(listener) {
        this.listener = listener;
        document.addEventListener('visibilitychange', () => this.#seen());
        window.addEventListener('pagehide', () => this.#close());
        window.addEventListener('pageshow', () => this.#seen());
        window.addEventListener('online', () => this.#anew());
        setInterval(() => this.#look(), LOOK);
        this.#seen();
    }

    /** Open the stream if the page is looked at, else close it. */
    #seen() {
        if (document.visibilityState === 'hidden') {
            this.#close();
        } else {
            this.#open();
        }
    }

    #look() {
        if (this.#source && performance.now() - this.#heard > SILENCE) {
            this.#anew();
        }
    }

    #anew() {
        this.#close();
        this.#seen();
    }

    #close() {
        clearTimeout(this.#waiting);
        this.#source?.close();
        this.#source = null;
    }

    #open() {
        if (this.#source) {
            return;
        }
        clearTimeout(this.#waiting);
        const since = this.#last
            && `?since=${encodeURIComponent(this.#last)}`;
        const source = new EventSource(`${ROOT}api/v1/stream${since}`);
        this.#source = source;
        this.#heard = performance.now();
        source.addEventListener('open', () => {
            this.#heard = performance.now();
            this.listener('open', null);
            // Without the number of an event there is nothing to go on
            // with: what happened since the last time is not told.
            if (this.#before && !this.#last) {
                this.listener('reload', null);
            }
            this.#before = true;
        });
        source.addEventListener('error', () => {
            if (source !== this.#source) {
                return;
            }
            this.listener('lost', null);
            // The browser tries again by itself, unless the answer was not
            // a stream.
            if (source.readyState === EventSource.CLOSED) {
                this.#close();
                this.#waiting = setTimeout(() => this.#seen(), PAUSE);
            }
        });
        for (const kind of KINDS) {
            source.addEventListener(kind, (event) => {
                this.#heard = performance.now();
                this.#last = event.lastEventId || this.#last;
                this.listener(kind, event.data ? JSON.parse(event.data)
                    : null);
            });
        }
    }
}
