/**
 * What the page knows of the system, and who wants to know when it changes.
 */
import { get } from './server.js';

// Milliseconds to wait for the stream before a view loads without it
const PATIENCE = 1500;

/**
 * @typedef {'status' | 'services' | 'changes' | 'reload'} Topic
 */

export class Store {
    /** @type {import('./model.js').Status | null} */
    status = null;
    /** @type {Map<string, import('./model.js').Card>} */
    services = new Map();
    /** Is the stream there? */
    streaming = false;
    /** @type {Map<Topic, Set<(data: any) => void>>} */
    #listeners = new Map();
    #lost = false;
    /** What the stream told while cards are being loaded.
     *  @type {Set<Map<string, import('./model.js').Card>>} */
    #meanwhile = new Set();
    /** @type {() => void} */
    #opened = () => {};

    constructor() {
        /**
         * What is loaded after this has no gap to what the stream tells.
         * @type {Promise<void>}
         */
        this.ready = new Promise((resolve) => {
            this.#opened = resolve;
            setTimeout(resolve, PATIENCE);
        });
    }

    /**
     * Call a function at each change of a topic.
     * @param {Topic} topic
     * @param {(data: any) => void} listener
     * @returns {() => void} ends it
     */
    on(topic, listener) {
        const listeners = this.#listeners.get(topic) ?? new Set();
        this.#listeners.set(topic, listeners.add(listener));
        return () => listeners.delete(listener);
    }

    /**
     * @param {Topic} topic
     * @param {any} [data]
     */
    #tell(topic, data = null) {
        for (const listener of [...this.#listeners.get(topic) ?? []]) {
            listener(data);
        }
    }

    /**
     * Take in what the stream says.
     * @param {string} kind
     * @param {any} data
     */
    take(kind, data) {
        switch (kind) {
        case 'open':
            this.streaming = true;
            this.#opened();
            // It may be another server now, with other ids and tokens.
            if (this.#lost) {
                this.loadStatus();
            }
            this.#lost = false;
            this.#tell('status');
            break;
        case 'lost':
            this.streaming = false;
            this.#lost = true;
            this.#tell('status');
            break;
        case 'status':
            this.#takeStatus(data);
            break;
        case 'service':
            this.#put(this.services, data);
            for (const told of this.#meanwhile) {
                told.set(data.path, data);
            }
            this.#tell('services', data.path);
            break;
        case 'changes':
            this.#tell('changes', data);
            break;
        case 'reload':
            this.loadStatus();
            this.#tell('reload');
            break;
        }
    }

    /**
     * @param {Map<string, import('./model.js').Card>} cards
     * @param {import('./model.js').Card} card
     */
    #put(cards, card) {
        if (card.gone) {
            cards.delete(card.path);
        } else {
            cards.set(card.path, card);
        }
    }

    /** @param {import('./model.js').Status} status */
    #takeStatus(status) {
        // The stream may leave out the token, which does not change.
        this.status = { ...this.status, ...status };
        this.#tell('status');
    }

    /** Is what the page shows as it is in ZooKeeper now? */
    get current() {
        return this.streaming && this.status?.connected === true;
    }

    /** Are changes allowed? */
    get changes() {
        return this.status?.changes === true;
    }

    async loadStatus() {
        try {
            this.#takeStatus(await get('status'));
        } catch {
            this.#tell('status');       // the stream tries on
        }
    }

    async loadServices() {
        await this.ready;
        /** @type {Map<string, import('./model.js').Card>} */
        const loaded = new Map();
        /** @type {string | null} */
        let after = null;
        /** @type {Map<string, import('./model.js').Card>} */
        const told = new Map();
        this.#meanwhile.add(told);
        try {
            do {
                /** @type {any} */
                const answer = await get(
                    'services', after === null ? {} : { after });
                for (const card of answer.services) {
                    loaded.set(card.path, card);
                }
                after = answer.next ?? null;
            } while (after !== null);
        } finally {
            this.#meanwhile.delete(told);
        }
        for (const card of told.values()) {
            this.#put(loaded, card);
        }
        this.services = loaded;
        this.#tell('services');
    }
}
