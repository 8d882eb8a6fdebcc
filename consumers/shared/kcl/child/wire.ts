// Turns the fields of the daemon's messages, as aws-kcl parsed them, into what a RecordProcessor is given.
import { VpcflowError } from '../../../../schemas/errors.ts';
import type { ShardStart, StreamRecord } from '../../../../schemas/processor.ts';

/** A batch can have 10,000 records and 13 MB: each field is looked at once, by hand, and nothing is copied twice. */
type Fields = Readonly<Record<string, unknown>>;

const SEQUENCE = /^\d{1,128}$/;
const POSITION = /^(?:\d{1,128}|TRIM_HORIZON|LATEST|AT_TIMESTAMP)$/;

/** Daemon and child are of versions that do not fit: nothing that a record's author wrote can bring this about. */
const malformed = (what: string, value: unknown): VpcflowError => {
  const shown = JSON.stringify(value) ?? 'nothing';
  const cut = shown.length > 100 ? `${shown.slice(0, 100)}…` : shown;
  return new VpcflowError('VF_ENGINE', `the daemon sent a malformed message: ${what} is ${cut}`);
};

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/**
 * Where a shard begins. The sub-sequence number of an initialize message is left out: no checkpoint of ours has one but
 * 0 (see checkpointer.ts), and whoever wrote another did not write our chain, which then says what is missing. A
 * message without a position (both may be null) begins at the oldest record.
 */
export const shardStart = ({ shardId, sequenceNumber }: Fields): ShardStart => {
  if (typeof shardId !== 'string' || shardId === '') throw malformed('shardId', shardId);
  const position = sequenceNumber ?? 'TRIM_HORIZON';
  if (typeof position !== 'string' || !POSITION.test(position)) throw malformed('sequenceNumber', sequenceNumber);
  return { shardId, position };
};

/** 0 at the tip; null where the library does not know. */
export const millisBehindLatest = (value: unknown): number | null => {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' && value >= 0) return value;
  throw malformed('millisBehindLatest', value);
};

/** What was not all base64 decodes to fewer bytes than its length says. */
const decodeData = (data: string): Buffer | null => {
  const bytes = Buffer.from(data, 'base64');
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0;
  return bytes.length === (data.length / 4) * 3 - padding ? bytes : null;
};

const streamRecord = (given: unknown, index: number): StreamRecord => {
  if (typeof given !== 'object' || given === null) throw malformed(`record ${index}`, given);
  const fields: Fields = { ...given };
  const { sequenceNumber, partitionKey, approximateArrivalTimestamp: arrival } = fields;
  const subSequenceNumber = fields.subSequenceNumber ?? 0;
  if (typeof sequenceNumber !== 'string' || !SEQUENCE.test(sequenceNumber))
    throw malformed(`sequenceNumber of record ${index}`, sequenceNumber);
  if (!isWhole(subSequenceNumber)) throw malformed(`subSequenceNumber of ${sequenceNumber}`, subSequenceNumber);
  if (typeof partitionKey !== 'string') throw malformed(`partitionKey of ${sequenceNumber}`, partitionKey);
  // Epochs are cut by it: a time of our own would cut them elsewhere when the record comes again.
  if (!isWhole(arrival)) throw malformed(`approximateArrivalTimestamp of ${sequenceNumber}`, arrival);
  const data = typeof fields.data === 'string' ? decodeData(fields.data) : null;
  if (data === null) throw malformed(`data of ${sequenceNumber}`, fields.data);
  return { sequenceNumber, subSequenceNumber, partitionKey, data, arrival };
};

/**
 * The records of a batch in order. Empties the list that it is given: aws-kcl holds the message until it is answered,
 * and the base64 text of a batch would lie in memory beside its bytes for as long as the store takes.
 */
export const streamRecords = (given: unknown): readonly StreamRecord[] => {
  if (!Array.isArray(given)) throw malformed('records', given);
  const records = given.map(streamRecord);
  given.length = 0;
  return records;
};
