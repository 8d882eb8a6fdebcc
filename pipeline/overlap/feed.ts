// Turns the label of a backfill, or the id of a stream, into the name of its feed: equal only for the same of one kind.

/** As people read it, too: `feed "weekly"`, `stream 123456789012.eu-west-1.flows`. A label is never that of a stream. */
export type Feed = `feed ${string}` | `stream ${string}` | `file ${string}`;

/** What was backfilled under a label (`--feed`). */
export const labelFeed = (label: string): Feed => `feed ${JSON.stringify(label)}`;

/** What came by a stream. @param id `<account>.<region>.<name>` */
export const streamFeed = (id: string): Feed => `stream ${id}`;

/** A file that nothing tells the origin of: each is a feed of its own. */
export const fileFeed = (source: string): Feed => `file ${source}`;
