/**
 * The view of the tree: its rows on one side, the chosen node on the other.
 */
import { nodeHref } from './address.js';
import { Branches } from './branches.js';
import { make } from './elements.js';
import { NodePane } from './node.js';
import { Refresher } from './refresher.js';
import { Rows } from './rows.js';

export class TreeView {
    title = 'Tree';
    #path = '/';
    #reached = false;
    #reaching = false;

    /** @param {import('./page.js').Page} page */
    constructor(page) {
        this.page = page;
        this.store = page.store;
        this.branches = new Branches(() => this.#changed());
        this.refresher = new Refresher(
            this.branches, (error) => page.failed(this.element, error));
        this.rows = new Rows('Nodes', {
            count: () => this.branches.rows.length,
            row: (index) => this.#row(index),
            needed: (index) => this.#needed(index),
            key: (event, size) => this.#key(event, size),
        });
        this.node = new NodePane(page);
        this.element = make('section', { class: 'view tree' },
            make('h1', { tabindex: -1, class: 'unseen' }, 'Tree'),
            this.rows.element, this.node.element);
    }

    /** @param {import('./address.js').Address} address */
    async show(address) {
        const again = this.off !== undefined;
        if (!again) {
            const offs = [
                this.store.on('changes',
                    (changes) => this.refresher.take(changes)),
                this.store.on('reload', () => this.page.trying(
                    this.element, () => this.refresher.reload())),
            ];
            this.off = () => offs.forEach((off) => off());
        }
        this.#path = address.path;
        this.#reached = false;
        this.page.entitle(address.path);
        const shown = this.node.show(address.path);
        await this.store.ready;
        if (!again && this.branches.root.open) {
            await this.refresher.reload();
        }
        await this.branches.openBranch(this.branches.root);
        await this.#reach();
        await shown;
    }

    /** Open the way to the node of the address, when it is there. */
    async #reach() {
        const path = this.#path;
        if (this.#reached || this.#reaching) {
            return;
        }
        this.#reaching = true;
        try {
            const branch = await this.branches.reach(path);
            if (branch && this.#path === path) {
                this.#reached = true;
                this.#activate(branch.path);
                this.#remember();
                await this.branches.openBranch(branch);
            }
        } finally {
            this.#reaching = false;
        }
        if (path !== this.#path) {
            await this.#reach();        // another was chosen meanwhile
        }
    }

    hide() {
        this.off?.();
        this.off = undefined;
        this.node.hide();
    }

    /** @param {string} path */
    #activate(path) {
        const index = this.branches.rows.findIndex(
            (row) => 'branch' in row && row.branch.path === path);
        if (index >= 0) {
            this.rows.activate(index);
        }
    }

    #changed() {
        // The keyboard stays on its node, whatever came above it.
        const on = this.activePath;
        const index = on === null ? -1 : this.branches.rows.findIndex(
            (row) => 'branch' in row && row.branch.path === on);
        if (index >= 0) {
            this.rows.active = index;
        }
        this.rows.draw(true);
        this.#remember();
        // It may have come just now.
        this.page.trying(this.element, () => this.#reach());
    }

    /** @type {string | null} */
    activePath = null;

    #remember() {
        const row = this.branches.rows[this.rows.active];
        this.activePath = row && 'branch' in row ? row.branch.path : null;
    }

    /** @param {number} index */
    #needed(index) {
        const row = this.branches.rows[index];
        if (row && !('branch' in row) && !row.of.loading) {
            this.page.trying(
                this.element, () => this.branches.loadMore(row.of));
        }
    }

    /** @param {number} index */
    #row(index) {
        const row = this.branches.rows[index];
        if (!('branch' in row)) {
            const gap = make('div', { class: 'row gap' },
                make('span', {}, 'loading\u2026'));
            gap.style.setProperty('--depth', String(row.of.depth + 1));
            return gap;
        }
        const { branch, position, size } = row;
        const { child } = branch;
        const chosen = branch.path === this.#path;
        const element = make('div', {
            class: `row${chosen ? ' chosen' : ''}`,
            role: 'treeitem', 'aria-level': branch.depth + 1,
            'aria-posinset': position, 'aria-setsize': size,
            'aria-selected': String(chosen),
            'aria-expanded': branch.leaf ? null : String(branch.open),
            on: { click: () => this.#choose(index) },
        },
        make('span', { class: `twig${branch.leaf ? ' none' : ''}`,
            'aria-hidden': 'true', on: {
                /** @param {MouseEvent} event */
                click: (event) => {
                    event.stopPropagation();
                    this.rows.active = index;
                    this.#toggle(branch);
                } } }),
        make('span', { class: 'name' }, child.name),
        child.type && make('span', { class: 'type' }, child.type),
        child.link && make('span', { class: 'mark' }, 'links'),
        child.ephemeral && make('span', { class: 'mark',
            title: 'It goes when the session of its maker ends.' },
        'ephemeral'),
        child.children > 0 && branch.parent && make('span',
            { class: 'children', 'aria-label': `${child.children} children` },
            child.children.toLocaleString()));
        element.style.setProperty('--depth', String(branch.depth));
        return element;
    }

    /** @param {number} index */
    #choose(index) {
        const row = this.branches.rows[index];
        if (row && 'branch' in row) {
            this.rows.activate(index);
            this.#remember();
            this.page.router.go(nodeHref(row.branch.path));
        }
    }

    /** @param {import('./branches.js').Branch} branch */
    #toggle(branch) {
        this.#remember();
        this.page.trying(this.element, async () => branch.open
            ? this.branches.close(branch) : this.branches.openBranch(branch));
    }

    /**
     * @param {KeyboardEvent} event
     * @param {number} size  rows in sight
     */
    #key(event, size) {
        if (event.ctrlKey || event.metaKey || event.altKey) {
            return;
        }
        const { active } = this.rows;
        const row = this.branches.rows[active];
        const branch = row && 'branch' in row ? row.branch : null;
        /** @type {Record<string, () => number>} */
        const moves = {
            ArrowDown: () => active + 1, ArrowUp: () => active - 1,
            PageDown: () => active + size, PageUp: () => active - size,
            Home: () => 0, End: () => this.branches.rows.length - 1,
        };
        if (Object.hasOwn(moves, event.key)) {
            this.rows.activate(moves[event.key]());
        } else if (event.key === 'ArrowRight' && branch) {
            if (branch.open) {
                this.rows.activate(active + 1);
            } else {
                this.#toggle(branch);
            }
        } else if (event.key === 'ArrowLeft' && branch) {
            if (branch.open) {
                this.#toggle(branch);
            } else if (branch.parent) {
                this.#activate(branch.parent.path);
            }
        } else if (event.key === 'Enter' || event.key === ' ') {
            this.#choose(active);
        } else if (event.key.length === 1 && event.key !== '/') {
            this.#jump(event.key.toLowerCase());
        } else {
            return;
        }
        event.preventDefault();
        this.#remember();
    }

    /**
     * Go to the next row whose name begins with a character.
     * @param {string} character
     */
    #jump(character) {
        const { rows } = this.branches;
        for (let step = 1; step <= rows.length; step++) {
            const index = (this.rows.active + step) % rows.length;
            const row = rows[index];
            if ('branch' in row && row.branch.child.name.toLowerCase()
                .startsWith(character)) {
                this.rows.activate(index);
                return;
            }
        }
    }
}
