// What lines that are left out of a digest and its coverage had been counted and summed to.

/** Each a part of the count of its name. */
export interface RemovedLines {
  readonly flows: number;
  readonly nodata: number;
  readonly skipdata: number;
  readonly packets: bigint;
  readonly bytes: bigint;
}
