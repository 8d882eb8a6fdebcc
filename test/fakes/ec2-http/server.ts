// A stateful EC2 of one account and region behind a real socket: its wire format, its limits, and the faults of a test.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Ec2Place } from '../../../consumers/shared/mirroring/ec2-clients.ts';
import type { Ec2Context, Handler, Members } from './context.ts';
import { Ec2Error } from './ec2-error.ts';
import { type Fault, Faults } from './faults.ts';
import { describeInstances, runInstances, terminateInstances } from './instances.ts';
import { describeNetworkInterfaces } from './interfaces.ts';
import { Query } from './query.ts';
import { createTrafficMirrorSession, deleteTrafficMirrorSession, describeTrafficMirrorSessions } from './sessions.ts';
import { type FakeSettings, usualSettings } from './settings.ts';
import { type FakeState, LaggingReads } from './state.ts';
import { createTags, deleteTags } from './tags.ts';
import {
  createTrafficMirrorTarget,
  deleteTrafficMirrorFilter,
  deleteTrafficMirrorTarget,
  describeTrafficMirrorFilters,
  describeTrafficMirrorTargets,
} from './targets.ts';
import { Tokens } from './tokens.ts';
import { ACCOUNT, type FakeWorld, REGION, stateOf } from './world.ts';
import { answerXml, errorXml, identityXml } from './xml.ts';

export interface Ec2Call {
  readonly action: string;
  /** As they were on the wire: `InstanceId.1`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** `ok`, the code of an error, or `cut`. */
  answer: string;
}

export interface FakeEc2 {
  readonly endpoint: string;
  readonly account: string;
  readonly region: string;
  /** For `openEc2Mirror`. */
  readonly place: Ec2Place;
  /** Variables with which the SDK finds it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Every call, in the order of arrival. */
  readonly calls: Ec2Call[];
  /** The calls that are not descriptions. */
  readonly changes: () => readonly Ec2Call[];
  /** As it is: what a test may look at, and change. */
  readonly state: FakeState;
  readonly settings: FakeSettings;
  /** Has something go wrong; the answer lifts it. */
  readonly inject: (fault: Fault) => () => void;
  readonly lift: () => void;
  readonly stop: () => Promise<void>;
}

const READS: Readonly<Record<string, Handler>> = {
  DescribeInstances: describeInstances,
  DescribeNetworkInterfaces: describeNetworkInterfaces,
  DescribeTrafficMirrorSessions: describeTrafficMirrorSessions,
  DescribeTrafficMirrorTargets: describeTrafficMirrorTargets,
  DescribeTrafficMirrorFilters: describeTrafficMirrorFilters,
};

const CHANGES: Readonly<Record<string, Handler>> = {
  CreateTrafficMirrorSession: createTrafficMirrorSession,
  DeleteTrafficMirrorSession: deleteTrafficMirrorSession,
  CreateTrafficMirrorTarget: createTrafficMirrorTarget,
  DeleteTrafficMirrorTarget: deleteTrafficMirrorTarget,
  DeleteTrafficMirrorFilter: deleteTrafficMirrorFilter,
  RunInstances: runInstances,
  TerminateInstances: terminateInstances,
  CreateTags: createTags,
  DeleteTags: deleteTags,
};

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
};

const send = (response: ServerResponse, status: number, xml: string): void => {
  response.writeHead(status, { 'content-type': 'text/xml;charset=UTF-8' }).end(xml);
};

/** Listens on loopback. What is not said of the settings is as EC2 has it; they may be changed while it runs. */
export const startFakeEc2 = async (world: FakeWorld = {}, settings: Partial<FakeSettings> = {}): Promise<FakeEc2> => {
  const account = world.account ?? ACCOUNT;
  const region = world.region ?? REGION;
  const state = stateOf(world);
  const reads = new LaggingReads(state);
  const faults = new Faults();
  const tokens = new Tokens();
  const calls: Ec2Call[] = [];
  let ids = 0;
  const context: Ec2Context = {
    ...{ account, region, state, settings: { ...usualSettings(), ...settings }, pages: new Map() },
    read: () => reads.next(),
    newId: (prefix) => `${prefix}${(++ids).toString(16).padStart(17, '0')}`,
  };
  const change = (query: Query, handler: Handler): Members => {
    const known = tokens.answer(query);
    if (known !== null) return known;
    reads.hide(context.settings.lag);
    const answer = handler(query, context);
    tokens.remember(query, answer);
    return answer;
  };
  const perform = (query: Query): Members => {
    const handler = READS[query.action] ?? CHANGES[query.action];
    if (handler === undefined) throw new Ec2Error('InvalidAction', `The action ${query.action} is not valid`);
    if (query.text('DryRun') === 'true' && context.settings.dryRun === 'honoured')
      throw new Ec2Error('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');
    return query.action in READS ? handler(query, context) : change(query, handler);
  };
  const answerOf = (query: Query, id: string): string =>
    query.action === 'GetCallerIdentity' ? identityXml(account, id) : answerXml(query.action, id, perform(query));
  const fail = (response: ServerResponse, call: Ec2Call, { code, message, status }: Ec2Error, id: string): void => {
    call.answer = code;
    send(response, status, errorXml(code, message, id));
  };
  const cut = (response: ServerResponse, call: Ec2Call): void => {
    call.answer = 'cut';
    response.destroy();
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const query = new Query(await bodyOf(request));
    const call: Ec2Call = { action: query.action, parameters: query.parameters, answer: 'ok' };
    const id = `request-${calls.push(call)}`;
    const fault = faults.of(query);
    await fault?.meanwhile?.();
    if (fault?.cut === 'before') return cut(response, call);
    try {
      if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 '))
        throw new Ec2Error('AuthFailure', 'The request is not signed');
      if (fault?.error !== undefined)
        throw new Ec2Error(fault.error, fault.message ?? `made to fail: ${fault.error}`, fault.status);
      const xml = answerOf(query, id);
      if (fault?.cut === 'after') cut(response, call);
      else send(response, 200, xml);
    } catch (error) {
      fail(response, call, error instanceof Ec2Error ? error : new Ec2Error('InternalError', String(error)), id);
    }
  };
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it listens on no port');
  const endpoint = `http://127.0.0.1:${address.port}`;
  return {
    ...{ endpoint, account, region, calls, state, settings: context.settings },
    place: { endpoint, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } },
    environment: {
      ...{ AWS_ENDPOINT_URL_EC2: endpoint, AWS_ENDPOINT_URL_STS: endpoint, AWS_REGION: region },
      ...{ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
    },
    changes: () => calls.filter(({ action }) => action in CHANGES),
    inject: (fault) => faults.inject(fault),
    lift: () => faults.clear(),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
