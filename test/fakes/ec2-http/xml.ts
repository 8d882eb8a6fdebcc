// Turns values into the XML of EC2's answers: members in their order, lists as items, nothing for what is not set.

export type Xml = string | number | boolean | null | undefined | readonly Xml[] | { readonly [member: string]: Xml };

const NAMESPACE = 'http://ec2.amazonaws.com/doc/2016-11-15';
const HEAD = '<?xml version="1.0" encoding="UTF-8"?>';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (char) => ENTITIES[char] ?? char);

const isList = (value: Xml): value is readonly Xml[] => Array.isArray(value);

const content = (value: Xml): string => {
  if (value === null || value === undefined) return '';
  if (isList(value)) return value.map((one) => element('item', one)).join('');
  if (typeof value !== 'object') return escaped(String(value));
  return Object.entries(value)
    .map(([name, member]) => element(name, member))
    .join('');
};

const element = (name: string, value: Xml): string =>
  value === null || value === undefined ? '' : `<${name}>${content(value)}</${name}>`;

/** `<DescribeInstancesResponse xmlns="…"><requestId>…</requestId>…` */
export const answerXml = (action: string, requestId: string, members: { readonly [member: string]: Xml }): string =>
  `${HEAD}<${action}Response xmlns="${NAMESPACE}">${content({ requestId, ...members })}</${action}Response>`;

export const errorXml = (code: string, message: string, requestId: string): string =>
  HEAD + element('Response', { Errors: { Error: { Code: code, Message: message } }, RequestID: requestId });

export const identityXml = (account: string, requestId: string): string =>
  HEAD +
  element('GetCallerIdentityResponse', {
    GetCallerIdentityResult: { Arn: `arn:aws:iam::${account}:user/mirror`, UserId: 'AIDAMIRROR', Account: account },
    ResponseMetadata: { RequestId: requestId },
  });
