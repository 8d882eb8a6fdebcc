// Checkpoints over aws-kcl's callback: in turn, in their callback only, tried again when throttled and never otherwise.
import { describe, expect, test } from 'vitest';
import { type CheckpointMoment, Checkpoints } from '../../../../../consumers/shared/kcl/child/checkpointer.ts';
import type { Meter } from '../../../../../schemas/metrics.ts';
import type { Checkpointer } from '../../../../../schemas/processor.ts';
import { ManualClock } from '../../../../fakes/manual-clock.ts';

const SHARD = 'shardId-000000000000';

/** The library's side: asks come in, and are answered from a list; `null` is a success, what is beyond it too. */
const bed = (answers: readonly (string | null)[] = []) => {
  const clock = new ManualClock();
  const asked: (string | null)[] = [];
  const waiting: (() => void)[] = [];
  const counted: Record<string, number> = {};
  const meter: Meter = {
    count: (metric, by, labels) => {
      expect(labels).toEqual({ shard: SHARD });
      counted[metric] = (counted[metric] ?? 0) + by;
    },
    set: () => {},
    observe: () => {},
    forget: () => {},
  };
  let held = false;
  const answer = (sequenceNumber: string | null, callback: (error?: string | null) => void): void => {
    const error = answers[asked.length] ?? null;
    asked.push(sequenceNumber);
    if (held) waiting.push(() => callback(error));
    else setImmediate(() => callback(error));
  };
  const kcl = {
    checkpoint: (...given: [string, (error?: string | null) => void] | [(error?: string | null) => void]): void =>
      given.length === 2 ? answer(given[0], given[1]) : answer(null, given[0]),
  };
  const checkpoints = new Checkpoints({ clock, meter, shard: SHARD, random: () => 0 });
  const during = (callback: (checkpointer: Checkpointer) => Promise<void>, moment: CheckpointMoment = 'within') =>
    checkpoints.during(kcl, moment, callback);
  return {
    ...{ clock, asked, counted, checkpoints, during, waiting },
    hold: (): void => {
      held = true;
    },
  };
};

describe('a checkpoint', () => {
  test('is sent with its number, and resolves when it is stored', async () => {
    const { during, asked, counted } = bed();
    await during((checkpointer) => checkpointer.checkpoint('12'));
    expect(asked).toEqual(['12']);
    expect(counted).toEqual({ checkpoints: 1 });
  });

  test('waits for the one before it: the library knows only one', async () => {
    const { during, asked, hold, waiting } = bed();
    hold();
    const done = during(async (checkpointer) => {
      await Promise.all([checkpointer.checkpoint('1'), checkpointer.checkpoint('2')]);
    });
    await new Promise(setImmediate);
    expect(asked).toEqual(['1']);
    waiting[0]?.();
    await new Promise(setImmediate);
    expect(asked).toEqual(['1', '2']);
    waiting[1]?.();
    await done;
  });

  test('that nobody waited for is answered before the callback counts as over', async () => {
    const { during, hold, waiting } = bed();
    hold();
    let over = false;
    const done = during(async (checkpointer) => {
      void checkpointer.checkpoint('1');
    }).then(() => {
      over = true;
    });
    await new Promise(setImmediate);
    expect(over).toBe(false);
    waiting[0]?.();
    await done;
    expect(over).toBe(true);
  });

  test('after its callback is refused and never sent', async () => {
    const { during, asked } = bed();
    let kept: Checkpointer | null = null;
    await during(async (checkpointer) => {
      kept = checkpointer;
    });
    await during(async () => {
      await expect(kept?.checkpoint('1')).rejects.toThrow('its callback is over');
    });
    expect(asked).toEqual([]);
  });

  test.each(['', 'TRIM_HORIZON', '12a', '-1'])('at %j is refused and never sent', async (sequenceNumber) => {
    const { during, asked } = bed();
    await during(async (checkpointer) => {
      await expect(checkpointer.checkpoint(sequenceNumber)).rejects.toThrow('that is no sequence number');
    });
    expect(asked).toEqual([]);
  });

  test('without a number would cover what is not durable, and is refused while the shard goes on', async () => {
    const { during, asked } = bed();
    await during(async (checkpointer) => {
      await expect(checkpointer.checkpoint()).rejects.toThrow('only at the end of the shard');
    });
    expect(asked).toEqual([]);
  });
});

describe('a throttled checkpoint', () => {
  test('is tried again after pauses that double', async () => {
    const throttled = ['ThrottlingException', 'KinesisClientLibDependencyException', 'SdkClientException'];
    const { during, asked, counted, clock } = bed(throttled);
    const began = clock.now();
    const done = during((checkpointer) => checkpointer.checkpoint('7'));
    const waits: number[] = [];
    for (const pause of [250, 500, 1000]) {
      await clock.untilSleeping();
      await clock.advance(pause - 1);
      expect(clock.sleeping).toBe(1);
      await clock.advance(1);
      waits.push(clock.now() - began);
    }
    await done;
    expect(waits).toEqual([250, 750, 1750]);
    expect(asked).toEqual(['7', '7', '7', '7']);
    expect(counted).toEqual({ checkpointRetries: 3, checkpoints: 1 });
  });

  test('is given up within half a minute, and the next one is sent as if nothing had been', async () => {
    const { during, asked, counted, clock } = bed(Array.from({ length: 7 }, () => 'ThrottlingException'));
    const began = clock.now();
    const refused = during(async (checkpointer) => {
      await expect(checkpointer.checkpoint('7')).rejects.toMatchObject({
        code: 'VF_CHECKPOINT_FAILED',
        message: `the checkpoint of ${SHARD} at 7 was not stored: ThrottlingException, 7 times`,
      });
    });
    const state = { over: false };
    const settled = refused.finally(() => {
      state.over = true;
    });
    while (!state.over) await clock.advance(250);
    await settled;
    expect(clock.now() - began).toBeLessThan(30_000);
    expect(asked).toHaveLength(7);
    expect(counted).toEqual({ checkpointRetries: 6 });
    await during((checkpointer) => checkpointer.checkpoint('8'));
    expect(counted).toEqual({ checkpointRetries: 6, checkpoints: 1 });
  });

  test('comes back at another moment than another worker’s', async () => {
    const clock = new ManualClock();
    const meter: Meter = { count: () => {}, set: () => {}, observe: () => {}, forget: () => {} };
    let [tries, random] = [0, 0];
    const kcl = {
      checkpoint: (...given: readonly unknown[]): void => {
        tries++;
        const callback = given.at(-1);
        if (typeof callback === 'function') callback(tries === 1 ? 'ThrottlingException' : null);
      },
    };
    const checkpoints = new Checkpoints({ clock, meter, shard: SHARD, random: () => random });
    random = 0.999;
    const done = checkpoints.during(kcl, 'within', (checkpointer) => checkpointer.checkpoint('1'));
    await clock.untilSleeping();
    await clock.advance(126); // half of 250 and a little, instead of 250
    await done;
    expect(tries).toBe(2);
  });

  test.each(['ShutdownException', 'InvalidStateException', 'IllegalArgumentException'])(
    'is something else than %s, which is final',
    async (error) => {
      const { during, asked, counted } = bed([error]);
      await during(async (checkpointer) => {
        const code = error === 'ShutdownException' ? 'VF_LEASE_LOST' : 'VF_CHECKPOINT_FAILED';
        const message = `the checkpoint of ${SHARD} at 7 was not stored: ${error}`;
        await expect(checkpointer.checkpoint('7')).rejects.toMatchObject({ code, message });
      });
      expect(asked).toEqual(['7']);
      expect(counted).toEqual({});
    },
  );
});

describe('at the end of a shard', () => {
  test('SHARD_END is stored, once, and a number waits for it', async () => {
    const { during, asked, counted, checkpoints } = bed();
    await during(async (checkpointer) => {
      await checkpointer.checkpoint('99'); // the library would make SHARD_END of it: too early
      expect(asked).toEqual([]);
      expect(checkpoints.ended).toBe(false);
      await checkpointer.checkpoint();
    }, 'at-end');
    expect(asked).toEqual([null]);
    expect(counted).toEqual({ checkpoints: 1 });
    expect(checkpoints.ended).toBe(true);
  });

  test('a SHARD_END that cannot be stored is a failure', async () => {
    const { during, counted, checkpoints } = bed(['ShutdownException']);
    await expect(during((checkpointer) => checkpointer.checkpoint(), 'at-end')).rejects.toThrow(
      `at SHARD_END was not stored: ShutdownException`,
    );
    expect(counted).toEqual({ checkpointFailures: 1 });
    expect(checkpoints.ended).toBe(false);
  });
});

test('what the callback rejects with is what it is about, whatever a checkpoint is doing', async () => {
  const { during, hold } = bed();
  hold();
  const failing = during(async (checkpointer) => {
    void checkpointer.checkpoint('1');
    throw new Error('the store is gone');
  });
  await expect(failing).rejects.toThrow('the store is gone');
});
