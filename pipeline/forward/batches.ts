// Turns records into the batches of PutRecordBatch calls, in order and as few as its limits allow.

/** Of one call, and of one record. Firehose counts bytes before base64: "Amazon Data Firehose Quota", API limits. */
export const MAX_BATCH_RECORDS = 500;
export const MAX_BATCH_BYTES = 4 * 1024 * 1024;
export const MAX_RECORD_BYTES = 1000 * 1024;

/** Gathers records of at most MAX_RECORD_BYTES. */
export class Batcher {
  #open: Uint8Array[] = [];
  #bytes = 0;

  /** The batch that is full because of this record, which then begins the next one; null while there is room. */
  add(record: Uint8Array): readonly Uint8Array[] | null {
    const full =
      this.#open.length === MAX_BATCH_RECORDS || this.#bytes + record.length > MAX_BATCH_BYTES ? this.end() : null;
    this.#open.push(record);
    this.#bytes += record.length;
    return full;
  }

  /** The rest; null when there is none. */
  end(): readonly Uint8Array[] | null {
    const rest = this.#open;
    this.#open = [];
    this.#bytes = 0;
    return rest.length === 0 ? null : rest;
  }
}
