// Turns counts and ports into words for people: 1.4 GB, 12,345 flows, https.

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB'] as const;

/** Bytes in powers of 1000 with three digits: 999 B, 1.40 GB, 23.5 MB, 120 kB. Rounded down, so 999,999 is 999 kB. */
export function formatBytes(bytes: bigint): string {
  let unit = 0;
  let scale = 1n;
  while (bytes >= scale * 1000n && unit < UNITS.length - 1) {
    scale *= 1000n;
    unit += 1;
  }
  if (unit === 0) return `${bytes} B`;
  const hundredths = (bytes * 100n) / scale;
  const whole = hundredths / 100n;
  const digits = whole >= 100n ? 0 : whole >= 10n ? 1 : 2;
  const fraction = (hundredths % 100n).toString().padStart(2, '0').slice(0, digits);
  return `${formatCount(whole)}${fraction === '' ? '' : `.${fraction}`} ${UNITS[unit]}`;
}

/** 1234567n as 1,234,567. */
export const formatCount = (count: bigint | number): string => count.toString().replace(/\B(?=(\d{3})+$)/g, ',');

/** 1 flow, 2 flows, 1,234 prefixes: a whole number of something, with the plural where it is not an s more. */
export const formatMany = (count: bigint | number, noun: string, nouns = `${noun}s`): string =>
  `${formatCount(count)} ${BigInt(count) === 1n ? noun : nouns}`;

const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [1, 'icmp'],
  [2, 'igmp'],
  [4, 'ipip'],
  [6, 'tcp'],
  [17, 'udp'],
  [41, 'ipv6'],
  [47, 'gre'],
  [50, 'esp'],
  [51, 'ah'],
  [58, 'icmpv6'],
  [89, 'ospf'],
  [112, 'vrrp'],
  [132, 'sctp'],
]);

/** An IANA protocol number as people say it. */
export const protocolName = (protocol: number): string => PROTOCOLS.get(protocol) ?? `protocol ${protocol}`;

/** What usually listens on a port in a VPC; not the whole IANA registry, which names what nobody runs. */
const SERVICES: ReadonlyMap<number, string> = new Map([
  [20, 'ftp-data'],
  [21, 'ftp'],
  [22, 'ssh'],
  [23, 'telnet'],
  [25, 'smtp'],
  [53, 'dns'],
  [67, 'dhcp'],
  [80, 'http'],
  [88, 'kerberos'],
  [110, 'pop3'],
  [111, 'rpcbind'],
  [123, 'ntp'],
  [135, 'msrpc'],
  [137, 'netbios'],
  [139, 'netbios'],
  [143, 'imap'],
  [161, 'snmp'],
  [179, 'bgp'],
  [389, 'ldap'],
  [443, 'https'],
  [445, 'smb'],
  [465, 'smtps'],
  [500, 'ike'],
  [514, 'syslog'],
  [587, 'submission'],
  [636, 'ldaps'],
  [853, 'dns-tls'],
  [873, 'rsync'],
  [993, 'imaps'],
  [995, 'pop3s'],
  [1194, 'openvpn'],
  [1433, 'mssql'],
  [1521, 'oracle'],
  [2049, 'nfs'],
  [2181, 'zookeeper'],
  [2375, 'docker'],
  [2379, 'etcd'],
  [3128, 'proxy'],
  [3268, 'ldap-gc'],
  [3306, 'mysql'],
  [3389, 'rdp'],
  [4317, 'otlp'],
  [4500, 'ipsec-nat'],
  [4789, 'vxlan'],
  [5432, 'postgres'],
  [5439, 'redshift'],
  [5601, 'kibana'],
  [5672, 'amqp'],
  [5671, 'amqps'],
  [5900, 'vnc'],
  [5985, 'winrm'],
  [6379, 'redis'],
  [6443, 'kube-api'],
  [8080, 'http-alt'],
  [8443, 'https-alt'],
  [9042, 'cassandra'],
  [9090, 'prometheus'],
  [9092, 'kafka'],
  [9094, 'kafka-tls'],
  [9200, 'elasticsearch'],
  [9418, 'git'],
  [10250, 'kubelet'],
  [11211, 'memcached'],
  [27017, 'mongodb'],
  [50051, 'grpc'],
  [51820, 'wireguard'],
]);

/** `https` or `8007`. */
export const portName = (port: number): string => SERVICES.get(port) ?? String(port);

/** Up to `most` ports by name, and how many are not named: `https, ssh, 8007 +3`. Empty for none. */
export function portList(ports: readonly number[], most: number): string {
  const named = ports.slice(0, most).map(portName).join(', ');
  return ports.length > most ? `${named} +${ports.length - most}` : named;
}
