// What is left on a queue, and the sentences about it: how much, why, and what to do.
import { expect, test } from 'vitest';
import {
  adviceOnQueue,
  backOff,
  LeftMessages,
  leftSentence,
  remainingSentence,
  sentenceOnQueue,
} from '../../../../consumers/backfill/queue/left-messages.ts';
import {
  archivedTrouble,
  isReplaced,
  objectTrouble,
  replacedTrouble,
} from '../../../../consumers/backfill/s3/trouble.ts';

const left = (...kinds: readonly string[]) => ({ kinds, why: `of ${kinds.join(' and ')}`, objects: kinds.length });

test('messages are counted once, however often they come, until they are worked on', () => {
  const messages = new LeftMessages();
  messages.add('a', left('VF_OVERLAP'));
  messages.add('b', left('VF_OVERLAP', 'VF_SOURCE_UNREADABLE'));
  messages.add('a', left('VF_OVERLAP'));
  expect([messages.count, messages.failedObjects]).toEqual([2, 3]);
  expect(leftSentence(messages, true)).toBe(
    '2 messages are left on the queue (VF_OVERLAP 2, VF_SOURCE_UNREADABLE 1), the last one because of VF_OVERLAP; the ' +
      'queue delivers them again, and sets them aside after as many times as its redrive policy says: mend what the ' +
      'warnings above name, or delete them',
  );
  messages.remove('a');
  expect(leftSentence(messages, false)).toContain(
    '1 message is left on the queue (VF_OVERLAP 1, VF_SOURCE_UNREADABLE 1)',
  );
  messages.remove('b');
  expect(messages.count).toBe(0);
});

test('more than can be remembered are still counted', () => {
  const messages = new LeftMessages();
  for (let i = 0; i < 12_345; i++) messages.add(String(i), left('VF_OVERLAP'));
  expect(messages.count).toBe(12_345);
});

test('what could not be received is counted by whether it is hidden', () => {
  expect(remainingSentence({ visible: 1, hidden: 1200 })).toContain(
    'about 1,201 messages could not be received (1,200 hidden, 1 not): another worker has them, or they failed',
  );
  expect(remainingSentence({ visible: 0, hidden: 1 })).toContain(
    'about 1 message could not be received (1 hidden, 0 not)',
  );
});

test('nobody is told to list or to run it again', () => {
  const name = 's3://logs/a.gz';
  const archived = [false, true].map((restoring) => archivedTrouble(name, 'GLACIER', restoring));
  const again = [objectTrouble(name, new Error('odd')), replacedTrouble(name)];
  for (const error of [...archived, ...again]) {
    expect(sentenceOnQueue(error)).not.toMatch(/\b(run|list)\b/);
    expect(sentenceOnQueue(error)).toMatch(/the queue delivers its message again \(VF_SOURCE_UNREADABLE\)$/);
  }
  expect(adviceOnQueue('a rule removed it: list again')).toContain('delete its message');
  expect(adviceOnQueue('allow s3:GetObject')).toBe('allow s3:GetObject');
});

test('what was replaced is told from what cannot be read', () => {
  const name = 's3://logs/was replaced while it was read';
  expect(isReplaced(replacedTrouble(name), name)).toBe(true);
  expect(isReplaced(objectTrouble(name, new Error('odd')), name)).toBe(false);
});

test('a message comes back after twice as long each time, and after 15 minutes at most', () => {
  expect([0, 1, 2, 3, 5, 6, 1000].map(backOff)).toEqual([30, 30, 60, 120, 480, 900, 900]);
});
