/**
 * What the server tells, as types.  No code: nobody loads this module, the
 * others name its types in their comments.
 *
 * A value that may be a secret is `{hidden: true}` until it is asked for.
 *
 * @typedef {{hidden: true}} Hidden
 * @typedef {any} Value  any JSON value, or Hidden
 * @typedef {Record<string, Value>} Properties
 *
 * @typedef {object} Status
 * @property {boolean} connected  is the session with ZooKeeper there?
 * @property {string} ensemble  host:port/chroot
 * @property {string | null} zookeeper  the version of ZooKeeper
 * @property {string} version  the version of zc.zk
 * @property {boolean} changes  may this page change things?
 * @property {string} as_of  ISO time of what is shown
 * @property {string} [csrf]  goes with each change
 * @property {number} generation
 *
 * @typedef {object} Provider
 * @property {string} address
 * @property {string} path
 * @property {string} state  ready, draining, failing or gone
 * @property {string | null} [version]
 * @property {string | number | null} [pid]
 * @property {string | null} [monitor]
 * @property {number | null} [weight]
 * @property {string | null} [since]  ISO time
 * @property {string | null} [gone]  ISO time
 * @property {Properties} [properties]
 * @property {string | null} [error]  why its data are no properties
 *
 * @typedef {object} Card  a service
 * @property {string} path
 * @property {string | null} [type]
 * @property {Properties} [properties]
 * @property {Provider[]} providers
 * @property {number} [total]  how many there are; these may be less
 * @property {{name: string, to: string, broken?: string | boolean}[]} links
 * @property {{path: string, name: string}[]} linked_from
 * @property {boolean} [gone]
 *
 * @typedef {object} Box  a node of the picture
 * @property {string} id  its path
 * @property {string} label
 * @property {string} [kind]
 * @property {string | null} [type]
 * @property {number} [providers]  how many
 *
 * @typedef {object} Arrow  an edge of the picture
 * @property {string} from
 * @property {string} to
 * @property {string} [label]
 * @property {string} [kind]
 *
 * @typedef {object} Event_
 * @property {number | string} id
 * @property {string} time  ISO
 * @property {string} what  came, went or changed
 * @property {string} path
 * @property {string} [text]
 *
 * @typedef {object} Link
 * @property {string} name
 * @property {string} target
 * @property {string[]} [steps]
 * @property {string} [error]
 * @property {Value} [value]
 *
 * @typedef {object} ZNode
 * @property {string} path
 * @property {boolean} exists
 * @property {Properties} properties
 * @property {Link[]} links
 * @property {Link[]} property_links
 * @property {string | Hidden | null} raw
 * @property {string | null} [error]  why its data are no properties
 * @property {string} [encoding]
 * @property {any[]} acl
 * @property {Record<string, any>} stat
 * @property {number} children
 * @property {boolean} [service]
 *
 * @typedef {object} Child
 * @property {string} name
 * @property {number} children
 * @property {string | null} [type]
 * @property {boolean} [ephemeral]
 * @property {boolean} [link]  does it hold links?
 * @property {boolean} [service]
 *
 * @typedef {object} Found
 * @property {string} path
 * @property {string} [name]
 * @property {Value} [value]
 *
 * @typedef {object} Finding
 * @property {string} level
 * @property {string} path
 * @property {string} fault
 * @property {string} [remedy]
 *
 * @typedef {object} Changes
 * @property {number} generation
 * @property {Event_[]} events
 * @property {string[]} paths
 */
export {};
