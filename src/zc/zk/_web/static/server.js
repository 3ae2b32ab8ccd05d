/**
 * Requests to the server of this page, in JSON.
 */
import { ROOT } from './address.js';

/** What the server would not or could not do, and why. */
export class Refusal extends Error {
    /**
     * @param {number} status  of HTTP; 0 if there was no answer
     * @param {any} data
     */
    constructor(status, data) {
        super(data?.error
            ?? `The server answered ${status} and no reason.`);
        this.status = status;
        this.data = data;
    }
}

/**
 * Return what the server says to a request.
 * @param {string} name
 * @param {RequestInit} options
 * @param {Record<string, string>} [query]
 */
async function ask(name, options, query = {}) {
    const words = String(new URLSearchParams(query));
    let response;
    let data;
    try {
        response = await fetch(
            `${ROOT}api/v1/${name}${words && `?${words}`}`,
            { cache: 'no-store', credentials: 'same-origin', ...options });
        data = await response.json().catch(() => null);
    } catch (error) {
        if (error instanceof DOMException && error.name === 'AbortError') {
            throw error;
        }
        throw new Refusal(0, { error: 'The server of this page does not '
            + 'answer. Look whether "zczk web" runs still.' });
    }
    if (!response.ok) {
        throw new Refusal(response.status, data);
    }
    return data;
}

/**
 * Ask for something.
 * @param {string} name
 * @param {Record<string, string>} [query]
 * @param {AbortSignal} [signal]
 */
export function get(name, query = {}, signal = undefined) {
    return ask(name, { signal }, query);
}

/**
 * Change something.
 * @param {string} name
 * @param {any} body
 * @param {string} csrf  what /status gave
 */
export function post(name, body, csrf) {
    return ask(name, {
        method: 'POST', body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json',
            'X-CSRF-Token': csrf },
    });
}
