// What a query server is started with. What holds where nothing is said is said by the options of the command.
import type { DestinationStream } from 'pino';
import type { Clock } from '../../../schemas/clock.ts';
import type { ObjectStore } from '../../../schemas/store.ts';

export interface QueryServerOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Requests held at once. */
  readonly maxRequests: number;
  /** Questions a minute of one client; null: any number. */
  readonly rateLimit: number | null;
  readonly queryTimeout: number; // ms
  /** The longest window that may be asked for, ms. */
  readonly maxWindow: number;
  readonly memoryLimit: number; // bytes, of the engine
  readonly cacheDirectory: string;
  readonly cacheSize: number; // bytes
  /** Path of the file of tokens. */
  readonly tokenFile: string | null;
  /** Networks of proxies whose `userHeader` is believed. */
  readonly trustedProxies: readonly string[];
  readonly userHeader: string;
  /** Users of a trusted proxy with the role operate. */
  readonly operators: readonly string[];
  /** Paths of PEM files. */
  readonly tls: { readonly certificate: string; readonly key: string } | null;
  /** Networks that are not the internet, where a question names none. */
  readonly ownNetworks: readonly string[];
  /** Where the predecessors' API is mounted beside /digest and /graph; null: nowhere. */
  readonly digestAt: string | null;
  readonly graphAt: string | null;
  /** After this time a job of /digest or /graph may be taken over, ms. */
  readonly jobTimeout: number;
  /** `HOST:PORT` of a StatsD server. */
  readonly statsd: string | null;
  readonly statsdTags: readonly string[];
  /** Where the log goes (one JSON object a line, one for each request); without it there is none. */
  readonly log?: DestinationStream;
  /** For a request to arrive whole, ms (default 30 s). */
  readonly requestTimeout?: number;
  /** Whether /metrics shows those of the process too: once a process. */
  readonly processMetrics?: boolean;
}
