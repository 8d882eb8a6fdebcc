// Tells which of the keys that matter a key is, from its bytes: a string for each key of each event takes longer than
// everything else that is done with it.

export const OTHER = 0;
export const MESSAGE_TYPE = 1;
export const OWNER = 2;
export const LOG_GROUP = 3;
export const LOG_STREAM = 4;
export const LOG_EVENTS = 5;
export const MESSAGE = 6;
export const ID = 7;
export const TIMESTAMP = 8;

const NAMES = ['messageType', 'owner', 'logGroup', 'logStream', 'logEvents', 'message', 'id', 'timestamp'].map((name) =>
  Buffer.from(name),
);

/** One of the constants above; OTHER for any other key. */
export const keyOf = (buf: Uint8Array, start: number, end: number): number => {
  for (let i = 0; i < NAMES.length; i++) {
    const name = NAMES[i];
    if (name.length !== end - start) continue;
    let at = 0;
    while (at < name.length && name[at] === buf[start + at]) at++;
    if (at === name.length) return i + 1;
  }
  return OTHER;
};
