// The noun for a request that is not taken: what it is answered with.

/** An HTTP status that Firehose understands, and why; 413 is the only one after which it does not try again. */
export interface Refusal {
  readonly refused: 400 | 401 | 403 | 404 | 405 | 408 | 413 | 500 | 503;
  /** For the person who reads the error log of the Firehose stream: never holds a key. */
  readonly why: string;
  /** The same for our own log, where it names what the sender need not know; absent: `why`. */
  readonly detail?: string;
}

export const refuse = (refused: Refusal['refused'], why: string, detail: string = why): Refusal =>
  detail === why ? { refused, why } : { refused, why, detail };

export const isRefusal = (value: object): value is Refusal => 'refused' in value;
