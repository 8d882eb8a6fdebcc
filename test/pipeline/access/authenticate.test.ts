// Who asks: tokens, proxies, both; and that nobody is believed who should not be.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type AccessRules, type Credentials, checkRole, principalOf } from '../../../pipeline/access/authenticate.ts';
import type { Principal } from '../../../schemas/access.ts';
import { VpcflowError } from '../../../schemas/errors.ts';

const token = (text: string, name: string, role: Principal['role']) => ({
  ...{ name, role },
  hash: createHash('sha256').update(text).digest(),
});
const tokens = [token('reads', 'alice', 'read'), token('operates', 'bob', 'operate')];
const proxy = { userHeader: 'x-user', operators: ['carol'] };
const nothing: Credentials = { authorization: undefined, users: [], fromProxy: false };

const outcome = (rules: AccessRules, given: Partial<Credentials>): string => {
  try {
    const { name, role } = principalOf(rules, { ...nothing, ...given });
    return `${name} ${role}`;
  } catch (error) {
    return error instanceof VpcflowError ? error.code : String(error);
  }
};

describe('principalOf', () => {
  test.each([
    ['a token', { authorization: 'Bearer reads' }, 'alice read'],
    ['whatever the case of the scheme', { authorization: 'bEARER  operates' }, 'bob operate'],
    ['another token', { authorization: 'Bearer Reads' }, 'VF_UNAUTHORIZED'],
    ['no token', {}, 'VF_UNAUTHORIZED'],
    ['an empty one', { authorization: 'Bearer ' }, 'VF_UNAUTHORIZED'],
    ['two', { authorization: 'Bearer reads, Bearer operates' }, 'VF_UNAUTHORIZED'],
    ['another scheme', { authorization: 'Basic cmVhZHM=' }, 'VF_UNAUTHORIZED'],
    ['a user that no proxy named', { users: ['carol'] }, 'VF_UNAUTHORIZED'],
    ['a user of a proxy that is not believed', { users: ['carol'], fromProxy: true }, 'VF_UNAUTHORIZED'],
  ])('tokens: %s', (_, given, expected) => {
    expect(outcome({ tokens, proxy: null }, given)).toBe(expected);
  });

  test.each([
    ['a user', { users: ['dave'], fromProxy: true }, 'dave read'],
    ['an operator', { users: [' carol '], fromProxy: true }, 'carol operate'],
    ['no user', { fromProxy: true }, 'VF_UNAUTHORIZED'],
    ['an empty user', { users: ['  '], fromProxy: true }, 'VF_UNAUTHORIZED'],
    ['a header that was sent twice', { users: ['dave', 'carol'], fromProxy: true }, 'VF_UNAUTHORIZED'],
    ['a user that is no name', { users: ['x'.repeat(257)], fromProxy: true }, 'VF_UNAUTHORIZED'],
    ['somebody else who names a user', { users: ['carol'] }, 'VF_FORBIDDEN'],
    ['a token', { authorization: 'Bearer operates' }, 'VF_FORBIDDEN'],
    ['a token that a proxy lets through', { authorization: 'Bearer x', users: ['dave'], fromProxy: true }, 'dave read'],
  ])('proxies: %s', (_, given, expected) => {
    expect(outcome({ tokens: null, proxy }, given)).toBe(expected);
  });

  test.each([
    ['a user of the proxy', { users: ['dave'], fromProxy: true }, 'dave read'],
    ['a token beside the proxy', { authorization: 'Bearer operates' }, 'bob operate'],
    ['a token through the proxy', { authorization: 'Bearer reads', users: ['carol'], fromProxy: true }, 'alice read'],
    ['a wrong token is no user', { authorization: 'Bearer no', users: ['carol'], fromProxy: true }, 'VF_UNAUTHORIZED'],
    ['a name without a proxy', { users: ['carol'] }, 'VF_UNAUTHORIZED'],
  ])('both: %s', (_, given, expected) => {
    expect(outcome({ tokens, proxy }, given)).toBe(expected);
  });

  test('no message says what was sent', () => {
    const secret = 'hunter2-hunter2';
    for (const authorization of [`Bearer ${secret}`, `Basic ${secret}`, secret]) {
      expect(() => principalOf({ tokens, proxy }, { ...nothing, authorization })).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining(secret) }),
      );
    }
  });
});

test('operate includes read, and not the other way round', () => {
  const [reader, operator] = tokens;
  for (const role of ['read', 'operate'] as const) expect(() => checkRole(operator, role)).not.toThrow();
  expect(() => checkRole(reader, 'read')).not.toThrow();
  expect(() => checkRole(reader, 'operate')).toThrow(expect.objectContaining({ code: 'VF_FORBIDDEN' }));
});
