// Has the connections of a server made with the certificate and key that its files hold at that time.
import type { Clock } from '../../../schemas/clock.ts';
import type { WatchedFiles } from '../../shared/watched-files.ts';
import type { TlsPair } from './tls-files.ts';

/** A renewed certificate may wait so long. */
const LOOK_MS = 10_000;

export interface Renewal {
  /** Reads the files again. Never rejects. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/** Looks at the files until `stop`; `renew` is given each pair that is another than the one before. */
export function renewPair(files: WatchedFiles<TlsPair>, renew: (pair: TlsPair) => void, clock: Clock): Renewal {
  const stopped = new AbortController();
  let pair: TlsPair | null = null;
  const look = async (): Promise<void> => {
    const found = await files.value();
    if (found !== pair) renew(found);
    pair = found;
  };
  const looking = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await look();
      await clock.sleep(LOOK_MS, stopped.signal);
    }
  };
  const looked = looking();
  return {
    reload: async () => {
      await files.reload();
      await look();
    },
    stop: async () => {
      stopped.abort();
      await looked;
    },
  };
}
