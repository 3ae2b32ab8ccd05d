/**
 * Keeps the opened branches of the tree as they are in ZooKeeper: reads again
 * only the rows that changed, or a whole branch where many did.
 */
import { splitPath } from './address.js';
import { Branch } from './branches.js';
import { SOME } from './branches.js';
import { get } from './server.js';

// Rows of one branch that are read one by one
const FEW = 8;
// Milliseconds that changes are gathered
const SOON = 60;

export class Refresher {
    /** @type {Set<string>} */
    #paths = new Set();
    #waiting = 0;
    #running = false;

    /**
     * @param {import('./branches.js').Branches} branches
     * @param {(error: unknown) => void} onError
     */
    constructor(branches, onError) {
        this.branches = branches;
        this.onError = onError;
    }

    /**
     * Take in what came, went or changed.
     * @param {import('./model.js').Changes} changes
     */
    take(changes) {
        for (const path of changes.paths ?? []) {
            this.#paths.add(path);
        }
        for (const { path } of changes.events) {
            this.#paths.add(path);
        }
        this.#later();
    }

    #later() {
        if (!this.#waiting && !this.#running && this.#paths.size) {
            this.#waiting = setTimeout(() => this.#pass(), SOON);
        }
    }

    async #pass() {
        const paths = [...this.#paths];
        this.#paths.clear();
        this.#waiting = 0;
        this.#running = true;
        try {
            await this.#refresh(paths);
        } catch (error) {
            this.onError(error);
        } finally {
            this.#running = false;
            this.#later();
        }
    }

    /** @param {string[]} paths */
    async #refresh(paths) {
        /** @type {Map<Branch, Set<string>>} the names to read of each */
        const names = new Map();
        /** @type {Set<Branch>} */
        const whole = new Set();
        /** @param {string} path */
        const row = (path) => {
            if (path === '/') {
                return;
            }
            const [above, name] = splitPath(path);
            const parent = this.branches.find(above);
            if (parent && parent.children.length) {
                names.set(parent,
                    (names.get(parent) ?? new Set()).add(name));
            } else if (parent?.open) {
                whole.add(parent);
            }
        };
        for (const path of paths) {
            row(path);
            // The row above counts its children.
            row(splitPath(path)[0]);
            const branch = this.branches.find(path);
            if (branch?.open && !branch.children.length) {
                whole.add(branch);
            }
        }
        for (const [parent, each] of names) {
            if (each.size > FEW) {
                whole.add(parent);
            } else if (!whole.has(parent)) {
                for (const name of each) {
                    if (!await this.#readOne(parent, name)) {
                        whole.add(parent);
                        break;
                    }
                }
            }
        }
        for (const branch of whole) {
            await this.#read(branch);
        }
        if (names.size || whole.size) {
            this.branches.changed();
        }
    }

    /**
     * Read one row.
     * @param {Branch} parent
     * @param {string} name
     * @returns {Promise<boolean>} false if its place is not sure
     */
    async #readOne(parent, name) {
        await parent.loading;
        const { children } = parent;
        let at = children.findIndex(({ child }) => child.name >= name);
        at = at < 0 ? children.length : at;
        if (at === children.length && parent.next !== null) {
            return true;        // not loaded yet
        }
        const before = children[at - 1]?.child.name;
        const answer = await get('children', {
            path: parent.path, limit: '1',
            ...before === undefined ? {} : { after: before } });
        const known = children[at]?.child.name === name;
        const there = answer.children[0]?.name === name;
        if (there && known) {
            children[at].child = answer.children[0];
        } else if (there) {
            children.splice(at, 0, new Branch(parent, answer.children[0]));
            parent.total++;
        } else if (known) {
            children.splice(at, 1);
            parent.total--;
        }
        parent.child.children = answer.total;
        const exact = parent.next === null ? children.length
            : parent.total;
        return exact === answer.total;
    }

    /**
     * Read a branch again, as far as it was loaded.
     * @param {Branch} branch
     */
    async #read(branch) {
        // Nothing else may load it meanwhile.
        while (branch.loading) {
            await branch.loading;
        }
        branch.loading = this.#readAll(branch).finally(() => {
            branch.loading = null;
        });
        await branch.loading;
    }

    /** @param {Branch} branch */
    async #readAll(branch) {
        const wanted = Math.max(branch.children.length, 1);
        const before = new Map(branch.children.map(
            (each) => [each.path, each]));
        /** @type {Branch[]} */
        const children = [];
        /** @type {string | null} */
        let next = null;
        let total = 0;
        do {
            /** @type {any} */
            const answer = await get('children', {
                path: branch.path, limit: String(SOME),
                ...next === null ? {} : { after: next } });
            for (const child of answer.children) {
                const made = new Branch(branch, child);
                const old = before.get(made.path);
                if (old) {
                    old.child = child;
                }
                children.push(old ?? made);
            }
            next = answer.next ?? null;
            total = answer.total;
        } while (next !== null && children.length < wanted);
        branch.children = children;
        branch.next = next;
        branch.total = next === null ? children.length
            : Math.max(total, children.length + 1);
        branch.child.children = Math.max(total, children.length);
    }

    /** Read all again, and leave open what is open. */
    async reload() {
        /** @param {Branch} branch @returns {Promise<void>} */
        const visit = async (branch) => {
            await this.#read(branch);
            for (const child of branch.children) {
                if (child.open) {
                    await visit(child);
                }
            }
        };
        await visit(this.branches.root);
        this.branches.changed();
    }
}
