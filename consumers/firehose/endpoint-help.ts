// What `vpcflow firehose --help` says beside its options: what is answered where, and what stands in front of it.
import type { Appendix } from '../shared/command.ts';

export const ENDPOINT_HELP: Appendix = {
  title: 'Endpoint:',
  items: [
    {
      term: 'POST /firehose, POST /',
      help: 'takes the requests of Firehose (protocol 1.0, gzip or not); 200 when the stream has every record',
    },
    {
      term: 'GET /healthz, GET /readyz',
      help: 'for a load balancer, without a key: whether the process lives, and whether it can reach the stream and stays',
    },
    {
      term: 'HTTPS',
      help: 'Firehose delivers to HTTPS on port 443 only: a load balancer with a certificate stands in front of this port',
    },
    {
      term: 'the common attribute vpcflow-format',
      help: 'a LogFormat, set as a parameter of the Firehose destination: the format of the lines of that Firehose stream',
    },
    {
      term: '--access-key-file',
      help: 'read again when it changes and on SIGHUP: to rotate, add the new key, change Firehose, remove the old one',
    },
  ],
};
