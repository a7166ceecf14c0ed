/* Without KVM: the vCPU's thread moves the words itself. */
#include <stdlib.h>

#include "test/vmm/program/answer.h"
#include "test/vmm/program/memory.h"
#include "test/vmm/program/vcpu.h"

void plain_open(struct vcpu *vcpus, int count) {
  for (int i = 0; i < count; i++) {
    vcpus[i].number = i;
    vcpus[i].fd = -1;
    vcpus[i].slot = aligned_alloc(4096, sizeof(struct slot));
    if (!vcpus[i].slot) die("no memory for a vCPU's slot");
  }
}

/* Where the guest's address is in this process. */
static unsigned char *at(struct vcpu *vcpu, uint32_t address) {
  if (address < slots_base) return memory_at(address);
  return (unsigned char *)vcpu->slot + (address - slot_base(vcpu->number));
}

void plain_move(struct vcpu *vcpu, uint32_t first, uint32_t end) {
  for (uint32_t i = first; i < end; i++) {
    unsigned char *from = at(vcpu, vcpu->slot->moves[i].from);
    unsigned char *to = at(vcpu, vcpu->slot->moves[i].to);
    if (!copy_guarded(to, from, sizeof(uint64_t))) vcpu->failures[i] = failure_sigbus;
  }
}
