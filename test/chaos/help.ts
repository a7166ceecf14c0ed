import { disturbances, lies } from "./options.js"

export const helpText = `npm run chaos -- [options]: kills everything, and checks every byte

  --seconds N     how long to go on (default 60; with --kills as long as those take)
  --kills N       how many times to kill a manager, then stop
  --clients M     client processes (default 6), each with several threads
  --seed S        decides every choice of the run (default: another each time; it is printed)
  --mode M        of the clients' regions: copy, share, cow, auto, or mixed (default)
  --adoption      also clients that never look at their socket again; needs root
  --layout        also clients that raise layout events: they fork, move and cut their memory
  --only A,B      only these disturbances, of: ${[...disturbances.keys()].join(", ")}
  --without A,B   all but these
  --model-mib N   length of the image that is read page by page (default 64)
  --patience-ms N how long a thread may stand still before it is lost (default 20000)
  --json FILE     the report as JSON, too; each minute as far as the run has come
  --guest         VMs under KVM take the clients' place; --guest --help says how
  --quiet         prints the report, and one line a minute on stderr, only
  --lie NAME      has somebody do wrong, so that the run must fail: ${lies.join(", ")}

disturbances
  kill         SIGKILL of a manager, once or several times in a row, and its start
  term         SIGTERM of a manager, which must exit with 0, and its start
  takeover     another manager takes over from one that serves, or is killed while it does
  stop         SIGSTOP of a manager, and SIGCONT a while later
  client       SIGKILL of a client, and another in its place
  source       the page source in TypeScript fails, or hangs, for a while
  descriptors  a manager can open no more descriptors for a while; calls may be refused then
Clients fork, map, attach, reset and prefault all the time.

SIGINT ends a run early, with its report; a second one ends it at once.

It exits with 0 when no byte was wrong, no client was lost or had a call fail, no manager ended by
itself, and no descriptor was left open. Otherwise the logs of everybody are kept.`
