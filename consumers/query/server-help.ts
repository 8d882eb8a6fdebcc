// What `vpcflow query --help` says beside its options: who may ask, how tokens and certificates are changed, how it ends.
import type { Appendix } from '../shared/command.ts';

export const SERVER_HELP: Appendix = {
  title: 'Server:',
  items: [
    {
      term: '--token-file',
      help: 'a line each of role (read, operate), name and SHA-256; blank lines and those that begin with # are none',
    },
    {
      term: 'a token and its line',
      help: 'TOKEN=$(openssl rand -hex 32); printf "read alice %s\\n" "$(printf %s "$TOKEN" | sha256sum | cut -d" " -f1)"',
    },
    {
      term: 'a question with it',
      help: 'curl -H "Authorization: Bearer $TOKEN" …; a token is at least 32 random bytes, since nothing slows a guess down',
    },
    {
      term: '--trusted-proxy',
      help:
        'who connects from there may say who asks: the proxy has to set --user-header itself, and drop what clients send ' +
        'under that name; not 127.0.0.0/8 on a machine where people browse',
    },
    {
      term: 'tokens, certificate and key',
      help: 'read again when their files change and on SIGHUP; a file that is bad is told of in the log and changes nothing',
    },
    {
      term: 'SIGTERM, SIGINT',
      help:
        '/readyz is 503 for --drain while requests are taken; then none are, and what is under way has 15s; exit status 0; ' +
        'a second signal ends it at once',
    },
    {
      term: 'without a token',
      help: 'GET /healthz and /readyz; everything, where it listens on loopback and has neither tokens nor a proxy',
    },
  ],
};
