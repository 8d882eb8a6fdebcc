// Tells the addresses of private networks from those of the internet, in code and in SQL by the same pattern.

/**
 * Matches the canonical text of an address, or of a network, that is not routed on the internet: RFC 1918 (10/8,
 * 172.16/12, 192.168/16), RFC 6598 (100.64/10), link-local (169.254/16, fe80::/10) and unique local (fc00::/7).
 * Written for both RE2 (the engine's) and JavaScript.
 */
export const PRIVATE_PATTERN = [
  '^(10\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|169\\.254\\.',
  '|100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\\.|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)',
].join('');

const PRIVATE = new RegExp(PRIVATE_PATTERN);

export const isPrivateNetwork = (text: string): boolean => PRIVATE.test(text);
