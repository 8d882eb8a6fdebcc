// Turns what a digest worker is told of its shards into metrics, and what somebody should look into into log lines.
import type { Meter } from '../../schemas/metrics.ts';
import type { Log } from '../shared/log.ts';
import type { DigestObserver } from './observer.ts';

/**
 * Counts each thing once, whichever engine leases the shards: checkpoints that were stored or tried again are for
 * whoever stores them to count (the engine), those that failed for good are counted here.
 */
export const measured = (meter: Meter, log: Log): DigestObserver => ({
  batch: ({ shard, records, bytes, millisBehindLatest }) => {
    // An empty batch is counted too: it is a sign of life.
    meter.count('records', records, { shard });
    meter.count('bytes', bytes, { shard });
    if (millisBehindLatest !== null) meter.set('millisBehindLatest', millisBehindLatest, { shard });
  },
  committed: ({ shard, counts, adopted, rows, bytes, flush }) => {
    meter.count('epochs', 1, { shard });
    meter.count('lines', counts.lines, { shard });
    meter.count('flows', counts.flows, { shard });
    meter.count('rows', rows, { shard });
    meter.count('stored', bytes, { shard });
    meter.count('duplicates', counts.duplicates, { shard });
    meter.count('overlaps', counts.overlaps, { shard });
    meter.count('claimsAdopted', adopted ? 1 : 0, { shard });
    meter.observe('flushSeconds', flush / 1000, {});
    for (const [reason, rejects] of Object.entries(counts.rejects.by_reason)) {
      meter.count('rejects', rejects, { shard, reason });
    }
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
  released: (shard) => meter.forget(shard),
});
