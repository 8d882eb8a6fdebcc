// Tells the addresses of one's own networks from those of the internet, in code and in SQL by the same bounds.
import { type Network, parseNetwork } from './networks.ts';

/** Never on the internet, whatever is one's own: loopback (RFC 1122, RFC 4291) and link-local (RFC 3927, RFC 4291). */
const LOCAL_NETWORKS: readonly string[] = ['127.0.0.0/8', '169.254.0.0/16', '::1/128', 'fe80::/10'];

const networkOf = (text: string): Network => {
  const network = parseNetwork(text);
  if (network === null) throw new TypeError(`${text} is no network`);
  return network;
};

const hostBits = ({ version, prefix }: Network): bigint => BigInt((version === 4 ? 32 : 128) - prefix);

const covers = (outer: Network, inner: Network): boolean => {
  const host = hostBits(outer);
  return outer.version === inner.version && outer.prefix <= inner.prefix && inner.bits >> host === outer.bits >> host;
};

/**
 * Tells whether an address or network (its canonical text) lies wholly inside the own networks; other text does not. A
 * TypeError for what is no network.
 */
export function isOwn(own: readonly string[]): (text: string) => boolean {
  const all = [...own, ...LOCAL_NETWORKS].map(networkOf);
  return (text) => {
    const network = parseNetwork(text);
    return network !== null && all.some((one) => covers(one, network));
  };
}

/**
 * SQL for whether an address lies inside, given its bits in columns `v4` and `v6` (address-sql.ts): true or false. Its
 * literals are made of numbers alone. A TypeError for what is no network.
 */
export function ownSql(own: readonly string[]): string {
  const all = [...own, ...LOCAL_NETWORKS].map(networkOf).map((network) => {
    const { version, bits } = network;
    const last = bits | ((1n << hostBits(network)) - 1n);
    return version === 4 ? `v4 BETWEEN ${bits} AND ${last}` : `v6 BETWEEN '${digits(bits)}' AND '${digits(last)}'`;
  });
  return `coalesce(${all.join(' OR ')}, false)`;
}

const digits = (bits: bigint): string => bits.toString(16).padStart(32, '0');
