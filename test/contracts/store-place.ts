// What the contract of ObjectStore needs in several places: a place of its own for a test, and a listing as an array.
import type { ListedObject, ObjectStore } from '../../schemas/store.ts';

/** An empty place of its own for one test; each `client()` is as separate from the others as two workers are. */
export interface Place {
  client(): ObjectStore;
}

export const collect = async (objects: AsyncIterable<ListedObject>): Promise<ListedObject[]> => {
  const found: ListedObject[] = [];
  for await (const object of objects) found.push(object);
  return found;
};

export const keysOf = async (store: ObjectStore, prefix: string, after?: string): Promise<string[]> => {
  const found = await collect(store.list(prefix, after === undefined ? {} : { after }));
  return found.map((object) => object.key);
};

export const body = (value: string): Buffer => Buffer.from(value);
