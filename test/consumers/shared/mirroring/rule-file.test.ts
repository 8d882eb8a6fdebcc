// Rule files as they are given to a command: every problem with its line, what overrides them, and what EC2 has of them.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEc2Mirror } from '../../../../consumers/mirror/ec2/open.ts';
import type { Log } from '../../../../consumers/shared/log.ts';
import { checkRules, openRuleFile, type RuleFile, rulesOf } from '../../../../consumers/shared/mirroring/rule-file.ts';
import { readOptions } from '../../../../consumers/shared/read-options.ts';
import { startFakeEc2 } from '../../../fakes/ec2-http/server.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vpcflow-rules-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** What was warned of. */
const recorded = (): { readonly log: Log; readonly warnings: string[] } => {
  const warnings: string[] = [];
  const silent = (): void => {};
  const warn: Log['warn'] = (_, message) => void warnings.push(message);
  return { log: { debug: silent, info: silent, warn, error: silent }, warnings };
};

const opened = async (
  name: string,
  lines: readonly string[],
  given: Readonly<Record<string, string>> = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<RuleFile> => {
  const path = join(directory, name);
  await writeFile(path, `${lines.join('\n')}\n`);
  const options = ['mirrorConfig', 'mirrorMode', 'enable', 'regions'] as const;
  return await openRuleFile(readOptions({ options, required: [] }, { config: path, ...given }, {}), environment);
};

const RULES = ['vpcs:', '- vpcId: vpc-1', '  filterId: tmf-1', '  targetId: tmt-1'];

describe('the options', () => {
  test('override the file, and say what the AWS sample leaves out', async () => {
    const { log } = recorded();
    const file = await opened('us-east-1.yaml', RULES, { mode: 'plan', enable: 'existing,launches' });
    const { mode, enable, regions } = rulesOf(file, log);
    expect({ mode, enable, regions: [...regions.keys()] }).toEqual({
      ...{ mode: 'plan', enable: { existing: true, launches: true, findings: false }, regions: ['us-east-1'] },
    });
    const usual = await opened('rules.yaml', ['mode: apply', ...RULES], {}, { AWS_REGION: 'eu-west-1' });
    expect(rulesOf(usual, log)).toMatchObject({ mode: 'apply', enable: { existing: false, findings: true } });
    expect([...rulesOf(usual, log).regions.keys()]).toEqual(['eu-west-1']);
  });

  test('choose regions of the file; what crosses to another process reads the same', async () => {
    const { log } = recorded();
    const rules = (region: string) => [`  ${region}:`, ...RULES.map((line) => `    ${line}`)];
    const lines = ['mode: plan', 'regions:', ...rules('us-east-1'), ...rules('eu-west-1')];
    const file = await opened('both.yaml', lines, { regions: 'eu-west-1' });
    expect([...rulesOf(file, log).regions.keys()]).toEqual(['eu-west-1']);
    expect(rulesOf(JSON.parse(JSON.stringify(file)), log)).toEqual(rulesOf(file, log));
    const other = await opened('both.yaml', lines, { regions: 'eu-west-1,ap-south-1' });
    expect(() => rulesOf(other, log)).toThrow('both.yaml has no rules for ap-south-1');
  });

  test('name the file', async () => {
    await expect(openRuleFile(readOptions({ options: [], required: [] }, {}, {}), {})).rejects.toThrow(
      '--config is missing',
    );
    const options = readOptions({ options: ['mirrorConfig'], required: [] }, { config: join(directory, 'none') }, {});
    await expect(openRuleFile(options, {})).rejects.toMatchObject({ code: 'VF_SOURCE_UNREADABLE' });
    const place = readOptions({ options: ['mirrorConfig'], required: [] }, { config: directory }, {});
    await expect(openRuleFile(place, {})).rejects.toMatchObject({
      code: 'VF_SOURCE_UNREADABLE',
      message: `${directory} is a directory, not a rule file`,
      help: expect.stringContaining('--config us-east-1.yaml'),
    });
  });
});

describe('problems', () => {
  test('come all at once, each with its line', async () => {
    const { log } = recorded();
    const file = await opened('us-east-1.yaml', ['ttl: soon', ...RULES, '- vpcId: subnet-1', '  filterId: tmf-1']);
    expect(() => rulesOf(file, log)).toThrow(
      expect.objectContaining({
        code: 'VF_RULES',
        message: expect.stringMatching(
          /^the rule file .*yaml has \d problems\n.*yaml:1:\d+: mode is missing: .*\n.*yaml:1:\d+: ttl is .*\n(?:.*\n)*.*yaml:6:\d+: vpcs\[1\]\.vpcId is /,
        ),
      }),
    );
  });

  test('are a sentence each between what they are of and the remedy; a doubt looks like them', async () => {
    const { log, warnings } = recorded();
    const wrong = await opened('us-east-1.yaml', ['mode: apply', ...RULES, '- vpcId: vpc-2', '  filterID: tmf-1']);
    const read = (): unknown => rulesOf({ ...wrong, source: { ...wrong.source, file: 'us-east-1.yaml' } }, log);
    const place = 'us-east-1.yaml:6:3: vpcs[1]';
    expect(read).toThrow(
      expect.objectContaining({
        sentence: [
          'the rule file us-east-1.yaml has 2 problems',
          `${place} has neither targetId nor targetInstanceType, targetInstanceAmi, targetSecurityGroupIds`,
          'us-east-1.yaml:7:3: vpcs[1].filterID is no key: did you mean filterId?',
          'correct the rule file; README, Mirroring, has its keys (VF_RULES)',
        ].join('\n'),
      }),
    );
    const doubtful = await opened('us-east-1.yaml', ['mode: apply', ...RULES, '  targetInstanceType: c5.large']);
    rulesOf({ ...doubtful, source: { ...doubtful.source, file: 'us-east-1.yaml' } }, log);
    expect(warnings).toEqual(['us-east-1.yaml:6:3: vpcs[0] has a target: targetInstanceType is not used']);
  });

  test('are filters and targets that are not there; a filter without rules is a doubt', async () => {
    const { log, warnings } = recorded();
    const ec2 = await startFakeEc2({
      filters: [{ id: 'tmf-1', ingress: 0, egress: 0 }],
      targets: [{ id: 'tmt-1', interface: 'eni-9' }],
    });
    const account = openEc2Mirror({ region: ec2.region, place: ec2.place });
    try {
      const accounts = new Map([[ec2.region, account]]);
      const check = async (lines: readonly string[]): Promise<void> => {
        const { source, ...rest } = await opened('us-east-1.yaml', ['mode: apply', ...lines]);
        await checkRules({ ...source, file: 'us-east-1.yaml' }, rulesOf({ source, ...rest }, log), accounts, log);
      };
      await check(RULES);
      expect(warnings).toEqual([
        expect.stringMatching(/^us-east-1\.yaml:3: vpcs\[0\]: the filter tmf-1 has no rules, and mirrors nothing$/),
      ]);
      await expect(
        check([
          ...RULES,
          '- vpcId: vpc-2',
          '  filterId: tmf-2',
          '  targetId: tmt-1',
          ...['subnets:', '- subnetId: subnet-1', '  filterId: tmf-1', '  targetId: tmt-3'],
        ]),
      ).rejects.toMatchObject({
        code: 'VF_RULES',
        message: [
          'the rule file us-east-1.yaml has 2 problems',
          'us-east-1.yaml:10: subnets[0]: there is no target tmt-3 in us-east-1',
          'us-east-1.yaml:6: vpcs[1]: there is no filter tmf-2 in us-east-1',
        ].join('\n'),
      });
    } finally {
      account.close();
      await ec2.stop();
    }
  });
});
