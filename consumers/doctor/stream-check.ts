// Looks at the Kinesis stream: that it is there and active, its shards, its encryption and for how long it keeps records.

import {
  DescribeStreamSummaryCommand,
  ListShardsCommand,
  type ListShardsCommandInput,
  type ListShardsCommandOutput,
  type Shard,
  type StreamDescriptionSummary,
} from '@aws-sdk/client-kinesis';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { formatMany } from '../../pipeline/quantities.ts';
import type { StreamIdentity } from '../shared/kinesis.ts';
import { attempt, isGeneral, toldPermission, troubled } from './attempt.ts';
import { type Finding, fix, ok, warn } from './check.ts';
import type { Examination } from './examination.ts';

/** The stream with the parts of its ARN, for the ARNs of what goes with it. */
export interface StreamPlace extends StreamIdentity {
  readonly partition: string; // aws, aws-cn, aws-us-gov
  readonly account: string;
}

export interface StreamFacts {
  readonly identity: StreamPlace;
  /** Null where they could not be listed. */
  readonly shards: readonly Shard[] | null;
}

export interface StreamReport {
  readonly facts: StreamFacts | null;
  readonly findings: readonly Finding[];
}

const DAY = 24; // hours
const AREA = 'stream';

/** Null for anything that is not the ARN of a stream. */
export const streamPlace = (arn: string): StreamPlace | null => {
  const match = /^arn:([^:]+):kinesis:([^:]+):(\d{12}):stream\/([a-zA-Z0-9_.-]{1,128})$/.exec(arn);
  if (match === null) return null;
  const [, partition, region, account, name] = match;
  return {
    arn,
    partition: partition!,
    region: region!,
    account: account!,
    name: name!,
    id: `${account}.${region}.${name}`,
  };
};

export const isOpen = (shard: Shard): boolean => shard.SequenceNumberRange?.EndingSequenceNumber === undefined;

const checkStatus = (name: string, summary: StreamDescriptionSummary, shards: readonly Shard[] | null): Finding => {
  const status = summary.StreamStatus ?? 'unknown';
  if (status === 'DELETING')
    return fix(AREA, `${name} is being deleted`, 'create it anew, and point the subscription at it');
  if (status === 'CREATING') return warn(AREA, `${name} is being created`, 'run it again in a minute');
  const open = shards?.filter(isOpen).length ?? summary.OpenShardCount ?? 0;
  const closed = shards === null ? 0 : shards.length - open;
  const mode = summary.StreamModeDetails?.StreamMode === 'ON_DEMAND' ? 'on demand' : 'provisioned';
  const ended = closed === 0 ? '' : `, ${formatMany(closed, 'closed shard')}`;
  return ok(AREA, `${name} is ${status}, ${mode}, ${formatMany(open, 'open shard')}${ended}`);
};

const checkEncryption = (name: string, summary: StreamDescriptionSummary): Finding => {
  if (summary.EncryptionType === 'KMS') {
    const key = summary.KeyId ?? 'unknown';
    const own = key === 'alias/aws/kinesis' ? '' : '; readers need kms:Decrypt on it, and writers kms:GenerateDataKey';
    return ok(AREA, `${name} is encrypted with ${key}${own}`);
  }
  return warn(
    AREA,
    `${name} is not encrypted at rest`,
    `aws kinesis start-stream-encryption --stream-name ${name} --encryption-type KMS --key-id alias/aws/kinesis`,
  );
};

const checkRetention = (name: string, summary: StreamDescriptionSummary): Finding => {
  const hours = summary.RetentionPeriodHours ?? DAY;
  if (hours > DAY) return ok(AREA, `${name} keeps records for ${hours} h: an outage may last that long`);
  return warn(
    AREA,
    `${name} keeps records for ${hours} h: an outage that lasts longer loses data`,
    `aws kinesis increase-stream-retention-period --stream-name ${name} --retention-period-hours ${7 * DAY}`,
  );
};

/** All of them, or the finding that says why not. */
const listShards = async (
  { clients, ...bounds }: Examination,
  place: StreamPlace,
): Promise<{ readonly shards: readonly Shard[] } | { readonly shards: null; readonly trouble: Finding }> => {
  const outcome = await attempt(bounds, async (abortSignal) => {
    const shards: Shard[] = [];
    let page: ListShardsCommandInput = { StreamARN: place.arn };
    for (;;) {
      const answer: ListShardsCommandOutput = await clients.kinesis.send(new ListShardsCommand(page), { abortSignal });
      shards.push(...(answer.Shards ?? []));
      if (answer.NextToken === undefined || answer.NextToken === null) return shards;
      page = { NextToken: answer.NextToken };
    }
  });
  if ('value' in outcome) return { shards: outcome.value };
  const permission = { action: 'kinesis:ListShards', resource: place.arn };
  return { shards: null, trouble: troubled(AREA, 'its shards cannot be listed', outcome.trouble, permission) };
};

/** Where a stream of this account is that may not be described; null where nobody says whose account this is. */
const ownPlace = async (examination: Examination, name: string, region: string | null): Promise<StreamPlace | null> => {
  const asked = await attempt(examination, (abortSignal) =>
    examination.clients.sts.send(new GetCallerIdentityCommand({}), { abortSignal }),
  );
  if ('trouble' in asked) return null;
  const { Account: account, Arn: caller = '' } = asked.value;
  return streamPlace(`arn:${caller.split(':')[1]}:kinesis:${region}:${account}:stream/${name}`);
};

/** `named`: a name or an ARN. The ARN that a refusal is about is a guess where only a name is known. */
export const checkStream = async (examination: Examination, named: string): Promise<StreamReport> => {
  const byArn = streamPlace(named);
  if (byArn === null && named.startsWith('arn:')) {
    const remedy = 'give its name, or arn:aws:kinesis:REGION:ACCOUNT:stream/NAME';
    return { facts: null, findings: [fix(AREA, `${named} is not the ARN of a Kinesis stream`, remedy)] };
  }
  const region = await examination.clients.kinesis.config.region().catch(() => null);
  const resource = byArn?.arn ?? `arn:aws:kinesis:*:*:stream/${named}`;
  const request = byArn === null ? { StreamName: named } : { StreamARN: byArn.arn };
  const described = await attempt(examination, (abortSignal) =>
    examination.clients.kinesis.send(new DescribeStreamSummaryCommand(request), { abortSignal }),
  );
  const name = byArn?.name ?? named;
  if ('trouble' in described) {
    const { trouble } = described;
    if (trouble.kind === 'absent') {
      const create = `aws kinesis create-stream --stream-name ${name} --shard-count 2 --region ${region}`;
      const remedy = `check the name, the region and the account, or create it: ${create}`;
      return { facts: null, findings: [fix(AREA, `there is no stream ${name} in ${region}`, remedy)] };
    }
    const guessed = { action: 'kinesis:DescribeStreamSummary', resource };
    const doing = `${name} cannot be described`;
    if (isGeneral(trouble)) return { facts: null, findings: [troubled(AREA, doing, trouble, guessed)] };
    // Once its ARN is known, what can be read of it can still be tried; a refusal mostly says it.
    const told = streamPlace(toldPermission(trouble)?.resource ?? '');
    const place = byArn ?? told ?? (await ownPlace(examination, name, region));
    const trying = troubled(AREA, doing, trouble, { ...guessed, resource: place?.arn ?? resource });
    if (place === null) return { facts: null, findings: [trying] };
    const listed = await listShards(examination, place);
    const findings = listed.shards === null ? [trying, listed.trouble] : [trying];
    return { facts: { identity: place, shards: listed.shards }, findings };
  }
  const summary = described.value.StreamDescriptionSummary;
  const place = streamPlace(summary?.StreamARN ?? '');
  if (summary === undefined || place === null) {
    const remedy = 'check that AWS_ENDPOINT_URL leads to Kinesis';
    return { facts: null, findings: [fix(AREA, `${name} is described without an ARN`, remedy)] };
  }
  const listed = await listShards(examination, place);
  return {
    facts: { identity: place, shards: listed.shards },
    findings: [
      checkStatus(name, summary, listed.shards),
      ...(listed.shards === null ? [listed.trouble] : []),
      checkEncryption(name, summary),
      checkRetention(name, summary),
    ],
  };
};
