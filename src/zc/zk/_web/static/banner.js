/**
 * The banner over all views: it says that what is shown is no longer
 * current, and why.
 */
import { byId } from './elements.js';
import { fill } from './elements.js';
import { make } from './elements.js';
import { shape } from './shapes.js';
import { clockTime } from './times.js';

// Milliseconds: a reconnection that takes no longer shows no banner.
const PATIENCE = 700;

export class Banner {
    #waiting = 0;
    #text = '';

    /** @param {import('./store.js').Store} store */
    constructor(store) {
        this.store = store;
        this.element = byId('banner');
        this.connection = byId('connection');
        store.on('status', () => this.#update());
        this.#update();
    }

    #update() {
        const { status, streaming } = this.store;
        let text = '';
        if (status && !status.connected) {
            text = 'There is no connection to ZooKeeper. The last state is '
                + 'shown, and the page goes on by itself when ZooKeeper is '
                + 'back.';
        } else if (status && !streaming) {
            text = 'The server of this page does not answer. The page tries '
                + 'again by itself.';
        }
        this.#connection();
        if (text === this.#text) {
            return;
        }
        this.#text = text;
        clearTimeout(this.#waiting);
        if (text) {
            // What the server says itself is sure; silence may pass.
            this.#waiting = setTimeout(
                () => this.#show(), status?.connected ? PATIENCE : 0);
        } else {
            this.#show();
        }
    }

    #show() {
        document.body.classList.toggle('stale', this.#text !== '');
        this.element.hidden = this.#text === '';
        const asOf = this.store.status?.as_of;
        fill(this.element, ...this.#text
            ? [shape('failing'), make('p', {}, this.#text, ' ',
                asOf && 'As of ', asOf && clockTime(asOf), asOf && '.')]
            : []);
    }

    #connection() {
        const { status, current } = this.store;
        if (!status) {
            fill(this.connection, 'Connecting\u2026');
            return;
        }
        this.connection.classList.toggle('lost', !current);
        this.connection.title = [
            status.ensemble, status.zookeeper
                && `ZooKeeper ${status.zookeeper}`,
            `zc.zk ${status.version}`].filter((each) => each).join(', ');
        fill(this.connection, shape(current ? 'ready' : 'failing'),
            make('span', {}, current ? 'Live' : 'Not connected'),
            make('span', { class: 'ensemble' }, status.ensemble));
    }
}
