// Turns the options of `vpcflow query` into what its server is started with.
import { VpcflowError } from '../../schemas/errors.ts';
import { isLoopback } from '../shared/loopback.ts';
import { DRAIN_MS, type Options } from '../shared/options.ts';
import { serviceLimits } from '../shared/query/service-limits.ts';
import type { QueryServerOptions } from './server/server-options.ts';

/** What the options say of a server; the rest is what surrounds it. */
export type Configuration = Omit<QueryServerOptions, 'store' | 'clock' | 'log' | 'requestTimeout' | 'processMetrics'>;

/** Throws VF_USAGE for one of two options that go together. */
export function configurationOf(options: Options): Configuration {
  const { tlsCert: certificate, tlsKey: key } = options;
  if ((certificate === null) !== (key === null)) {
    const [given, missing] = key === null ? ['--tls-cert', '--tls-key'] : ['--tls-key', '--tls-cert'];
    throw new VpcflowError('VF_USAGE', `${given} is given without ${missing}`, { help: 'give both, or none for HTTP' });
  }
  return {
    ...{ host: options.host, port: options.port },
    ...{ tokenFile: options.tokenFile, trustedProxies: options.trustedProxy },
    ...{ userHeader: options.userHeader, operators: options.operators },
    tls: certificate === null || key === null ? null : { certificate, key },
    ...{ maxRequests: options.maxRequests, rateLimit: options.rateLimit },
    ...{ queryTimeout: options.queryTimeout, maxWindow: options.maxWindow },
    ...serviceLimits(options),
    ownNetworks: options.ownNetworks,
    ...{ digestAt: options.digestAt, graphAt: options.graphAt, jobTimeout: options.jobTimeout },
    ...{ statsd: options.statsd, statsdTags: options.statsdTags },
  };
}

/** How long requests are taken after a signal, ms: on loopback there is no balancer that would have to notice. */
export const drainOf = ({ drain, host }: Pick<Options, 'drain' | 'host'>): number =>
  drain ?? (isLoopback(host) ? 0 : DRAIN_MS);
