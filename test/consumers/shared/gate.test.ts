// The gate: how much runs at once, who comes next, and who leaves before.
import { expect, test } from 'vitest';
import { Gate } from '../../../consumers/shared/gate.ts';

/** Steps that run until they are told to end; `order` is the order in which they began. */
function steps() {
  const order: string[] = [];
  const ends = new Map<string, () => void>();
  const step = (name: string) => () => {
    order.push(name);
    return new Promise<void>((resolve) => ends.set(name, resolve));
  };
  return { order, step, end: (name: string) => ends.get(name)?.() };
}

test('as many run as fit; what has begun comes before the others, and those in their order', async () => {
  const { order, step, end } = steps();
  const gate = new Gate(1);
  const all = [
    gate.pass(step('first')),
    gate.pass(step('second')),
    gate.pass(step('third')),
    gate.pass(step('begun'), undefined, { begun: true }),
  ];
  expect([gate.running, gate.waiting]).toEqual([1, 3]);
  for (const name of ['first', 'begun', 'second', 'third']) {
    await expect.poll(() => order.at(-1)).toBe(name);
    end(name);
  }
  await Promise.all(all);
  expect([gate.running, gate.waiting]).toEqual([0, 0]);
});

test('steps have weights; one that weighs more than all runs alone', async () => {
  const { order, step, end } = steps();
  const gate = new Gate(10);
  const all = [4, 6, 30, 1].map((weight, i) => gate.pass(step(String(i)), undefined, { weight }));
  await expect.poll(() => order).toEqual(['0', '1']);
  end('0');
  end('1');
  await expect.poll(() => order).toEqual(['0', '1', '2']);
  expect(gate.waiting).toBe(1);
  end('2');
  await expect.poll(() => order).toEqual(['0', '1', '2', '3']);
  end('3');
  await Promise.all(all);
});

test('one that waits leaves at once when its signal aborts, and makes room for those behind it', async () => {
  const { order, step, end } = steps();
  const gate = new Gate(10);
  const running = gate.pass(step('running'), undefined, { weight: 5 });
  const abort = new AbortController();
  const heavy = gate.pass(step('heavy'), abort.signal, { weight: 8 });
  const light = gate.pass(step('light'), undefined, { weight: 5 });
  expect(gate.waiting).toBe(2);
  abort.abort(new Error('left'));
  await expect(heavy).rejects.toThrow('left');
  await expect.poll(() => order).toEqual(['running', 'light']);
  end('running');
  end('light');
  await Promise.all([running, light]);
  await expect(gate.pass(step('late'), abort.signal)).rejects.toThrow('left');
  expect(order).toEqual(['running', 'light']);
});
