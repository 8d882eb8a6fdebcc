// Turns the target of a request into what a log may hold of it: bounded, and without what looks like a secret.

const LONGEST = 2048;
const SECRET = /^(?:.*[-_.])?(?:token|secret|password|passwd|authorization|auth|api-?key|apikey|key|signature)$/i;

const nameOf = (pair: string): string => {
  const [name] = pair.split('=', 1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
};

/** The path and query as they came, but for the values of parameters that are called like secrets. */
export const printableUrl = (url: string): string => {
  const [path, ...rest] = url.split('?');
  const query = rest.join('?');
  const pairs = query.split('&').map((pair) => {
    const name = nameOf(pair);
    return pair.includes('=') && SECRET.test(name) ? `${pair.slice(0, pair.indexOf('='))}=…` : pair;
  });
  const whole = rest.length === 0 ? path : `${path}?${pairs.join('&')}`;
  return whole.length <= LONGEST ? whole : `${whole.slice(0, LONGEST)}… (${url.length} characters)`;
};
