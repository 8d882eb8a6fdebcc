// The story as EventBridge tells it: what comes when, deterministic, whole, about the simulated account, and read as it is meant.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readMirrorEvent } from '../../../pipeline/mirror-events/event.ts';
import { SIMULATED_ACCOUNT } from '../../../pipeline/simulation/account.ts';
import { eventsOf } from '../../../pipeline/simulation/findings.ts';
import { attacker, controller, SCENES, STORY_SECONDS } from '../../../pipeline/simulation/story.ts';
import { host } from '../../../pipeline/simulation/world.ts';
import type { MirrorEvent } from '../../../schemas/mirroring/events.ts';
import { expectGolden } from '../../golden-files.ts';
import { START } from './simulated.ts';

interface Sent {
  readonly at: number; // seconds since the anchor
  readonly text: string;
  readonly event: MirrorEvent;
}

const sent = (anchor: number, from: number, until: number): readonly Sent[] =>
  Array.from({ length: until - from }, (_, i) => from + i).flatMap((at) =>
    eventsOf(anchor + at, anchor).map(({ data }) => ({
      ...{ at, text: data.toString() },
      event: readMirrorEvent(data, (anchor + at) * 1000),
    })),
  );

const findings = (list: readonly Sent[]) =>
  list.flatMap(({ at, event }) => (event.kind === 'finding' ? [{ at, id: event.id, finding: event.finding }] : []));

test('a story tells what happens, while it happens, and archives it in the end', () => {
  const told = sent(START, 0, STORY_SECONDS).map(({ at, event }) => {
    if (event.kind === 'finding') return [at, event.finding.type, event.finding.archived ? 'archived' : 'active'];
    return [at, event.kind, event.kind === 'state' ? event.state : event.detail];
  });
  const spare = host('spare-2').port?.instance;
  expect(told).toEqual([
    [75, 'UnauthorizedAccess:EC2/SSHBruteForce', 'active'],
    [82, 'UnauthorizedAccess:EC2/SSHBruteForce', 'active'],
    [130, 'ignored', `${spare} is stopping`],
    [140, 'state', 'stopped'],
    [195, 'UnauthorizedAccess:EC2/SSHBruteForce', 'active'],
    [290, 'UnauthorizedAccess:EC2/SSHBruteForce', 'active'],
    [360, 'Backdoor:EC2/C&CActivity.B', 'active'],
    [440, 'ignored', `${spare} is pending`],
    [450, 'state', 'running'],
    [510, 'Trojan:EC2/DropPoint', 'active'],
    [600, 'Backdoor:EC2/C&CActivity.B', 'active'],
    [700, 'UnauthorizedAccess:EC2/SSHBruteForce', 'archived'],
    [700, 'Backdoor:EC2/C&CActivity.B', 'archived'],
    [700, 'Trojan:EC2/DropPoint', 'archived'],
  ]);
  const first = findings(sent(START, 0, 80))[0]!;
  expect(first.at - SCENES.bruteForce.from).toBeLessThan(30);
});

test('the first event is whole: the shape of a finding as EventBridge sends it', () => {
  const [first] = sent(START, 75, 76);
  expectGolden('simulation', 'brute-force.json', `${JSON.stringify(JSON.parse(first!.text), null, 2)}\n`);
});

test('each finding is about an interface of the account, its own address and the address of the story', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 500 }), (cycle) => {
      const began = cycle * STORY_SECONDS;
      const list = findings(sent(START, began, began + STORY_SECONDS));
      expect(list.length).toBeGreaterThan(8);
      for (const { finding } of list) {
        expect(finding).toMatchObject({ account: '123456789012', region: 'us-east-1' });
        const instance = SIMULATED_ACCOUNT.instances.find(({ id }) => id === finding.instances[0]);
        expect(finding.interfaces).toEqual(instance?.interfaces.map(({ id, addresses }) => ({ id, addresses })));
        expect(finding.localAddresses).toEqual(instance?.interfaces[0]?.addresses);
        const isBruteForce = finding.type.endsWith('SSHBruteForce');
        const villain = isBruteForce ? attacker(cycle) : controller(cycle);
        expect(finding.remoteAddresses).toEqual([villain.address]);
      }
    }),
    { numRuns: 10 },
  );
});

test('a finding keeps its id through its cycle, later states are later, and no other cycle or story has it', () => {
  const story = fc.record({ anchor: fc.integer({ min: START - 9_999, max: START }), cycle: fc.nat({ max: 300 }) });
  fc.assert(
    fc.property(story, story, (a, b) => {
      const of = ({ anchor, cycle }: typeof a) =>
        findings(sent(anchor, cycle * STORY_SECONDS, (cycle + 1) * STORY_SECONDS));
      const [one, other] = [of(a), of(b)];
      expect(new Set(one.map(({ finding }) => finding.id)).size).toBe(3);
      for (const { finding } of one) {
        const states = one.filter((each) => each.finding.id === finding.id);
        const times = states.map((each) => each.finding.updatedAt);
        expect(times).toEqual([...times].sort((x, y) => x - y));
        // The one that comes twice has the id that it had.
        expect(new Set(states.map(({ id }) => id)).size).toBe(new Set(times).size);
        const isSame = a.anchor === b.anchor && a.cycle === b.cycle;
        expect(other.some((each) => each.finding.id === finding.id)).toBe(isSame);
      }
    }),
    { numRuns: 10 },
  );
});

test('a redelivered event has the same bytes, and nothing is told of what was before the story', () => {
  const [first, second] = sent(START, 70, 90);
  expect(second?.text).toBe(first?.text);
  expect(eventsOf(START - 1, START)).toEqual([]);
});
