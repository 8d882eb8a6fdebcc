// Turns what a digest worker is told of its shards into metrics, and what somebody should look into into log lines.
import type { Meter } from '../../schemas/metrics.ts';
import { REJECT_REASONS } from '../../schemas/rejects.ts';
import type { Log } from '../shared/log.ts';
import { SHARD_COUNTERS } from '../shared/metrics/metric-kinds.ts';
import { DriftWarnings } from './drift-warnings.ts';
import type { DigestObserver } from './observer.ts';
import { RejectWarnings } from './reject-warnings.ts';
import { UnknownFields } from './unknown-fields.ts';

const sum = <T>(all: readonly T[], of: (one: T) => number): number => all.reduce((total, one) => total + of(one), 0);

/**
 * Counts each thing once, whichever engine leases the shards. Of checkpoints only those are counted here that failed and
 * that the processor went on without; the others (stored, tried again, the end of a shard) by the engine that stores them.
 */
export const measured = (meter: Meter, log: Log): DigestObserver => {
  const warnings = new RejectWarnings(log);
  const drift = new DriftWarnings(meter, log);
  const unknown = new UnknownFields(log);
  return {
    began: (shard) => {
      // A counter that appears with its first event has no increase that an alert could see.
      for (const metric of SHARD_COUNTERS) meter.count(metric, 0, { shard });
      for (const reason of REJECT_REASONS) meter.count('rejects', 0, { shard, reason });
    },
    batch: ({ shard, records, millisBehindLatest, at }) => {
      // An empty batch is counted too: it is a sign of life.
      meter.count('records', records.length, { shard });
      meter.count(
        'bytes',
        sum(records, ({ data }) => data.length),
        { shard },
      );
      if (millisBehindLatest !== null) meter.set('millisBehindLatest', millisBehindLatest, { shard });
      warnings.passed(shard, at);
    },
    committed: ({ shard, output: { counts, objects, groups, unknownFields }, adopted, flush, at }) => {
      const digests = objects.filter(({ table }) => table === 'digests');
      meter.count('epochs', 1, { shard });
      meter.count('lines', counts.lines, { shard });
      meter.count('flows', counts.flows, { shard });
      meter.count(
        'rows',
        sum(digests, ({ rows }) => rows),
        { shard },
      );
      meter.count(
        'stored',
        sum(objects, ({ body }) => body.length),
        { shard },
      );
      meter.count('duplicates', counts.duplicates, { shard });
      meter.count('overlaps', counts.overlaps, { shard });
      meter.count('claimsAdopted', adopted ? 1 : 0, { shard });
      meter.observe('flushSeconds', flush / 1000, {});
      for (const [reason, rejects] of Object.entries(counts.rejects.by_reason)) {
        meter.count('rejects', rejects, { shard, reason });
      }
      drift.committed(groups, at);
      unknown.met(unknownFields);
      warnings.committed(shard, counts.rejects, at);
      const { decoder_error: errors = 0 } = counts.rejects.by_reason;
      meter.count('decoderErrors', errors, { shard });
      if (errors > 0) {
        log.error({ shard, errors }, 'ours to fix: the decoder failed on input, which is kept whole among the rejects');
      }
    },
    claimLost: (shard) => meter.count('claimsLost', 1, { shard }),
    watermark: (shard, ms) => {
      if (ms > 0) meter.set('watermark', ms / 1000, { shard }); // 0: nothing is known yet
    },
    checkpointFailed: (shard, error) => {
      meter.count('checkpointFailures', 1, { shard });
      log.warn({ shard, error: String(error) }, 'a checkpoint was not stored; nothing is lost, the next one covers it');
    },
    released: (shard) => {
      warnings.released(shard);
      meter.forget(shard);
    },
  };
};
