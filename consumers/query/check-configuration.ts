// `vpcflow query --check`: reads everything that the server would be started with, and says of each part whether it will do.
import { mountsOf } from '../../pipeline/predecessor/mounts.ts';
import { formatMany } from '../../pipeline/quantities.ts';
import type { Clock } from '../../schemas/clock.ts';
import { VpcflowError } from '../../schemas/errors.ts';
import type { ObjectStore } from '../../schemas/store.ts';
import type { Log } from '../shared/log.ts';
import { isLoopback } from '../shared/loopback.ts';
import type { Options } from '../shared/options.ts';
import { checkCacheDirectory } from '../shared/query/cache/check-cache.ts';
import { openStoreToRead } from '../shared/query/read-store.ts';
import { isLocal } from '../shared/query/service.ts';
import { type Configuration, configurationOf } from './configuration.ts';
import { checkAccess, proxyRules, readTokens } from './server/access.ts';
import { statsdPlace } from './server/metrics.ts';
import { readTlsPair } from './server/tls-files.ts';

/** `wrong` keeps the server from starting or answering. */
export interface Finding {
  readonly level: 'ok' | 'note' | 'wrong';
  readonly text: string;
}

const ok = (text: string): Finding => ({ level: 'ok', text });
const note = (text: string): Finding => ({ level: 'note', text });

/** Nobody renews in less than this by hand. */
const EXPIRES_SOON = 14 * 86_400_000; // ms

/** Nothing is written but one empty probe in the directory of the cache, nothing is listened on. */
export async function checkConfiguration(options: Options, clock: Clock): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const attempt = async <T>(step: () => Promise<T> | T): Promise<T | null> => {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof VpcflowError)) throw error;
      findings.push({ level: 'wrong', text: error.sentence });
      return null;
    }
  };
  /** Warnings of what reads a file, such as of its mode. */
  const warn: Log['warn'] = (_, message) => void findings.push(note(message));
  const log: Log = { debug: () => {}, info: () => {}, warn, error: warn };

  const store = await attempt(() => openStoreToRead(options.store));
  if (store !== null) findings.push(ok(`store ${store.uri}`));
  const configuration = await attempt(() => configurationOf(options));
  if (configuration === null) return findings;
  await attempt(() => findings.push(bindingFinding(configuration)));
  const { tokenFile, tls } = configuration;
  if (tokenFile !== null)
    await attempt(async () => findings.push(tokensFinding(tokenFile, await readTokens(tokenFile, log))));
  await attempt(() => findings.push(...proxyFindings(configuration)));
  if (tls !== null) {
    await attempt(async () => {
      const { names, validTo } = await readTlsPair(tls, log);
      findings.push(certificateFinding(`certificate ${tls.certificate} (${names})`, validTo, clock.now()));
    });
  }
  if (store !== null) await attempt(async () => findings.push(await cacheFinding(store, configuration)));
  const { digestAt, graphAt } = configuration;
  await attempt(() => void mountsOf({ digest: digestAt, graph: graphAt }));
  await attempt(() => {
    const place = statsdPlace(configuration);
    if (place !== null) findings.push(ok(`StatsD at ${place.host}:${place.port}`));
  });
  return findings;
}

function bindingFinding(configuration: Configuration): Finding {
  checkAccess(configuration);
  const { host, port, tokenFile, trustedProxies, tls } = configuration;
  const place = `${tls === null ? 'HTTP' : 'HTTPS'} on ${host}, port ${port}`;
  const open = tokenFile === null && trustedProxies.length === 0;
  if (open) return ok(`${place}: this machine only, without authentication`);
  return tls === null && !isLoopback(host) && tokenFile !== null
    ? note(`${place}: tokens are sent in the clear; give --tls-cert and --tls-key, or put TLS in front of it`)
    : ok(place);
}

function tokensFinding(path: string, tokens: readonly { readonly role: string }[]): Finding {
  const operators = tokens.filter(({ role }) => role === 'operate').length;
  return ok(`tokens ${path}: ${formatMany(tokens.length, 'token')}, ${operators} of them with the role operate`);
}

function proxyFindings(configuration: Configuration): readonly Finding[] {
  const rules = proxyRules(configuration);
  if (rules === null) return [];
  const { trustedProxies } = configuration;
  const findings = [ok(`proxies ${trustedProxies.join(', ')} say who asks in ${rules.userHeader}`)];
  const wide = trustedProxies.filter((network) => network.endsWith('/0'));
  if (wide.length === 0) return findings;
  return [...findings, note(`--trusted-proxy ${wide.join(', ')} believes everybody who says who he is`)];
}

function certificateFinding(what: string, validTo: Date, now: number): Finding {
  const left = validTo.getTime() - now;
  const until = `${what} is valid until ${validTo.toISOString()}`;
  if (left <= 0) return { level: 'wrong', text: `${until}: it has expired` };
  return left < EXPIRES_SOON ? note(`${until}: renew it`) : ok(until);
}

async function cacheFinding(store: ObjectStore, { cacheDirectory }: Configuration): Promise<Finding> {
  if (isLocal(store)) return ok('cache: none is needed, the objects are read where they lie');
  await checkCacheDirectory(cacheDirectory);
  return ok(`cache ${cacheDirectory}`);
}
