/**
 * Where the boxes of the picture stand.  Pure.  A service is to the right
 * of those that use it.  What has a place keeps it: a new box goes to a free
 * place of its column, and one that went leaves a gap.
 */

/**
 * @typedef {{column: number, row: number}} Place
 * @typedef {Map<string, Place>} Places
 * @typedef {{from: string, to: string}} Edge
 */

/**
 * Return the ids that each id leads to.
 * @param {string[]} ids
 * @param {Edge[]} edges
 */
function targetsOf(ids, edges) {
    /** @type {Map<string, string[]>} */
    const targets = new Map(ids.map((id) => [id, []]));
    for (const { from, to } of edges) {
        if (from !== to && targets.has(to)) {
            targets.get(from)?.push(to);
        }
    }
    return targets;
}

/**
 * Return the edges without those that close a circle.
 * @param {string[]} ids
 * @param {Map<string, string[]>} targets
 * @returns {Edge[]}
 */
function forward(ids, targets) {
    /** @type {Map<string, 'open' | 'done'>} */
    const seen = new Map();
    /** @type {Edge[]} */
    const edges = [];
    for (const start of ids) {
        if (seen.has(start)) {
            continue;
        }
        // A stack of our own: a long chain is no reason to fail.
        const stack = [{ id: start, next: 0 }];
        seen.set(start, 'open');
        while (stack.length) {
            const top = stack[stack.length - 1];
            const to = (targets.get(top.id) ?? [])[top.next++];
            if (to === undefined) {
                seen.set(top.id, 'done');
                stack.pop();
            } else if (seen.get(to) !== 'open') {
                edges.push({ from: top.id, to });
                if (!seen.has(to)) {
                    seen.set(to, 'open');
                    stack.push({ id: to, next: 0 });
                }
            }
        }
    }
    return edges;
}

/**
 * Return the column of each id: one more than the last of its users.
 * @param {string[]} ids
 * @param {Edge[]} edges  without circles
 */
function columnsOf(ids, edges) {
    const columns = new Map(ids.map((id) => [id, 0]));
    const users = new Map(ids.map((id) => [id, 0]));
    /** @type {Map<string, string[]>} */
    const used = new Map(ids.map((id) => [id, []]));
    for (const { from, to } of edges) {
        users.set(to, (users.get(to) ?? 0) + 1);
        used.get(from)?.push(to);
    }
    const free = ids.filter((id) => !users.get(id));
    for (const id of free) {
        for (const to of used.get(id) ?? []) {
            columns.set(to, Math.max(
                columns.get(to) ?? 0, (columns.get(id) ?? 0) + 1));
            users.set(to, (users.get(to) ?? 0) - 1);
            if (!users.get(to)) {
                free.push(to);
            }
        }
    }
    return columns;
}

/**
 * Return a column's ids in the order of what they are joined to on the left.
 * @param {string[]} ids
 * @param {Map<string, string[]>} users  of each id
 * @param {Places} places
 */
function ordered(ids, users, places) {
    const weights = new Map(ids.map((id) => {
        const rows = (users.get(id) ?? []).flatMap((from) => {
            const place = places.get(from);
            return place ? [place.row] : [];
        });
        return [id, rows.length
            ? rows.reduce((sum, row) => sum + row, 0) / rows.length
            : Infinity];
    }));
    return [...ids].sort((a, b) => {
        const [left, right] = [weights.get(a) ?? 0, weights.get(b) ?? 0];
        return left === right ? (a < b ? -1 : 1) : left - right;
    });
}

/**
 * Return a place for each id.
 * @param {string[]} all
 * @param {Edge[]} edges
 * @param {Places} [before]  the places until now
 * @returns {Places}
 */
export function layout(all, edges, before = new Map()) {
    const ids = [...new Set(all)].sort();
    const ahead = forward(ids, targetsOf(ids, edges));
    const columns = columnsOf(ids, ahead);
    /** @type {Places} */
    const places = new Map();
    const taken = new Set();
    for (const id of ids) {
        const place = before.get(id);
        if (place) {
            places.set(id, place);
            taken.add(`${place.column} ${place.row}`);
        }
    }
    /** @type {Map<string, string[]>} */
    const users = new Map();
    for (const { from, to } of ahead) {
        users.get(to)?.push(from) ?? users.set(to, [from]);
    }
    /** @type {string[][]} */
    const added = [];
    for (const id of ids) {
        if (!places.has(id)) {
            (added[columns.get(id) ?? 0] ??= []).push(id);
        }
    }
    added.forEach((mine, column) => {
        let row = 0;
        for (const id of ordered(mine, users, places)) {
            while (taken.has(`${column} ${row}`)) {
                row++;
            }
            taken.add(`${column} ${row}`);
            places.set(id, { column, row });
        }
    });
    return places;
}
