import { guestLies } from "./options.js"

export const guestHelpText = `npm run chaos -- --guest [options]: kills the manager of VMs

VMs are restored from a sparse image through the manager, as Firecracker restores a snapshot, and
it is killed and started again while their guests touch their memory. Half of the VMs keep their
socket, as Firecracker does from 1.12 on, and half hang up after their message, as it did before.
None ever connects again, nor notices anything: each manager adopts them.

  --kills N       how many times to kill the manager (default 20)
  --size SIZE     of the image and of each VM's memory (default 2GiB); a quarter of it is bytes, in
                  stretches of 1 MiB, and the rest holes that no disk holds
  --vms M         virtual machines (default 2)
  --vcpus N       of each (default 2)
  --seed S        decides every choice of the run (default: another each time; it is printed)
  --plain         without KVM: threads touch the memory, as they do where /dev/kvm is missing
  --patience-ms N how long a VM may take for one order before it is lost (default 120000)
  --json FILE     the report as JSON, too; each minute as far as the run has come
  --quiet         prints the report, and one line a minute on stderr, only
  --lie NAME      has somebody do wrong, so that the run must fail: ${guestLies.join(", ")}

Before each kill every VM gives pages back, writes some of them again, and begins to walk through a
part of its memory where no guest has been; now and then it writes there instead. The manager is
killed when a part of that walk, drawn by lot, is done; now and then again while the next one
starts, or just after it did. Every word that a guest reads is compared with the file, with zeros
for what was given back, or with what it wrote. In the end every byte of every VM is read, and of a
VM that is restored then.

SIGINT ends a run early, with its report; a second one ends it at once.

It exits with 0 when no byte was wrong, no access failed, every VM was adopted each time, and no
manager ended by itself. Otherwise the logs are kept.`
