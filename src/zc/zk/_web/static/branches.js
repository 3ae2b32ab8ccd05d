/**
 * The nodes of the tree that were opened, and the rows that they make.
 * Children are loaded when first needed, some at a time.
 */
import { ancestry } from './address.js';
import { childPath } from './address.js';
import { get } from './server.js';

/** Children that come with one answer. */
export const SOME = 500;

/** A node of the tree. */
export class Branch {
    open = false;
    /** @type {Branch[]} */
    children = [];
    /** How many children there are; what is loaded may be less. */
    total = 0;
    /** @type {string | null} where the next children begin */
    next = null;
    /** @type {Promise<void> | null} */
    loading = null;

    /**
     * @param {Branch | null} parent
     * @param {import('./model.js').Child} child
     */
    constructor(parent, child) {
        this.parent = parent;
        /** @type {number} */
        this.depth = parent ? parent.depth + 1 : 0;
        this.child = child;
        /** @type {string} */
        this.path = parent ? childPath(parent.path, child.name) : '/';
    }

    get leaf() {
        return this.child.children === 0;
    }
}

/**
 * @typedef {{branch: Branch, position: number, size: number}} Row
 * @typedef {{of: Branch, index: number}} Gap  a child not loaded yet
 */

export class Branches {
    root = new Branch(null, { name: '/', children: 1 });
    /** @type {(Row | Gap)[]} */
    rows = [];

    /** @param {() => void} onChange  called when there are other rows */
    constructor(onChange) {
        this.onChange = onChange;
    }

    /** Make the rows anew. */
    changed() {
        /** @type {(Row | Gap)[]} */
        const rows = [];
        /** @param {Branch} branch @param {number} position
         *  @param {number} size */
        const visit = (branch, position, size) => {
            rows.push({ branch, position, size });
            if (branch.open) {
                const all = Math.max(branch.total, branch.children.length);
                branch.children.forEach(
                    (child, index) => visit(child, index + 1, all));
                for (let index = branch.children.length; index < all;
                    index++) {
                    rows.push({ of: branch, index });
                }
            }
        };
        visit(this.root, 1, 1);
        this.rows = rows;
        this.onChange();
    }

    /**
     * Load the next children of a branch.
     * @param {Branch} branch
     */
    loadMore(branch) {
        branch.loading ??= this.#load(branch).finally(() => {
            branch.loading = null;
        }).then(() => this.changed());
        return branch.loading;
    }

    /** @param {Branch} branch */
    async #load(branch) {
        const { children, next, total } = await get('children', {
            path: branch.path, limit: String(SOME),
            ...branch.next === null ? {} : { after: branch.next } });
        const known = new Set(branch.children.map((each) => each.path));
        for (const child of children) {
            const made = new Branch(branch, child);
            if (!known.has(made.path)) {
                branch.children.push(made);
            }
        }
        branch.next = next ?? null;
        branch.total = branch.next === null ? branch.children.length
            : Math.max(total, branch.children.length + 1);
    }

    /** @param {Branch} branch */
    async openBranch(branch) {
        if (branch.open) {
            return;
        }
        // One without children shows those that come.
        branch.open = true;
        if (branch.children.length === 0 && !branch.leaf) {
            await this.loadMore(branch);
        } else {
            this.changed();
        }
    }

    /** @param {Branch} branch */
    close(branch) {
        if (branch.open) {
            branch.open = false;
            this.changed();
        }
    }

    /**
     * Open what is above a path, and return its branch.
     * @param {string} path
     * @returns {Promise<Branch | null>} null if it is not there
     */
    async reach(path) {
        let branch = this.root;
        for (const each of ancestry(path)) {
            if (each === '/') {
                continue;
            }
            await this.openBranch(branch);
            /** @type {Branch | undefined} */
            let found;
            const { children } = branch;
            const find = () => children.find((child) => child.path === each);
            while (!(found = find()) && branch.open
                   && branch.next !== null) {
                await this.loadMore(branch);
            }
            if (!found) {
                return null;
            }
            branch = found;
        }
        return branch;
    }

    /**
     * Return the branch of a path if it was loaded.
     * @param {string} path
     * @returns {Branch | null}
     */
    find(path) {
        /** @type {Branch | undefined} */
        let branch = this.root;
        for (const each of ancestry(path).slice(1)) {
            branch = branch.children.find((child) => child.path === each);
            if (!branch) {
                return null;
            }
        }
        return branch;
    }
}
