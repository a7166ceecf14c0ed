/* The VM itself. 32 bits without paging reach all of guest memory with one flat segment: what the
   guest calls an address is the offset in the memory file. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test/vmm/program/answer.h"
#include "test/vmm/program/memory.h"
#include "test/vmm/program/vcpu.h"

static char why[256];

static const char *failed(const char *call) {
  snprintf(why, sizeof why, "%s: %s", call, strerror(errno));
  return why;
}

static const char *add_memory(int vm, int number, uint64_t guest, void *host, uint64_t size_bytes) {
  struct kvm_userspace_memory_region region = {
      .slot = (uint32_t)number,
      .guest_phys_addr = guest,
      .memory_size = size_bytes,
      .userspace_addr = (uintptr_t)host,
  };
  if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == 0) return NULL;
  return failed("KVM_SET_USER_MEMORY_REGION");
}

static const char *add_slot(int vm, struct vcpu *vcpu) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
  vcpu->slot = mmap(NULL, sizeof(struct slot), PROT_READ | PROT_WRITE, flags, -1, 0);
  if (vcpu->slot == MAP_FAILED) die_errno("mmap of a vCPU's slot");
  memcpy(vcpu->slot->code, guest_code, (size_t)(guest_code_end - guest_code));
  return add_memory(vm, regions_max + vcpu->number, slot_base(vcpu->number), vcpu->slot,
                    sizeof(struct slot));
}

/* Protected mode without paging: one flat segment for code and one for everything else. */
static const char *set_mode(int vcpu) {
  struct kvm_sregs registers;
  if (ioctl(vcpu, KVM_GET_SREGS, &registers) != 0) return failed("KVM_GET_SREGS");
  struct kvm_segment flat = {
      .limit = 0xffffffff, .type = 11, .present = 1, .db = 1, .s = 1, .g = 1, .selector = 8};
  registers.cs = flat;
  flat.type = 3;
  flat.selector = 16;
  registers.ds = registers.es = registers.fs = registers.gs = registers.ss = flat;
  registers.cr0 = 0x11; /* PE, ET */
  registers.cr4 = 0;
  registers.efer = 0;
  if (ioctl(vcpu, KVM_SET_SREGS, &registers) != 0) return failed("KVM_SET_SREGS");
  return NULL;
}

static const char *add_vcpu(int kvm, int vm, struct vcpu *vcpu) {
  vcpu->fd = ioctl(vm, KVM_CREATE_VCPU, vcpu->number);
  if (vcpu->fd < 0) return failed("KVM_CREATE_VCPU");
  const int length = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
  vcpu->run = mmap(NULL, (size_t)length, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
  if (vcpu->run == MAP_FAILED) return failed("mmap of a vCPU");
  return set_mode(vcpu->fd);
}

/* One move within the slot: a KVM that cannot run even that is of no use. */
static const char *try_out(struct vcpu *vcpu) {
  const uint32_t words = slot_base(vcpu->number) + (uint32_t)offsetof(struct slot, words);
  struct slot *slot = vcpu->slot;
  slot->moves[0].from = words;
  slot->moves[0].to = words + sizeof(uint64_t);
  slot->words[0] = 0x0123456789abcdef;
  vcpu_move(vcpu, 1);
  if (vcpu->failures[0] == failure_none && slot->words[1] == slot->words[0]) return NULL;
  snprintf(why, sizeof why, "KVM_RUN of a single move: %s, exit %u",
           failure_names[vcpu->failures[0]], vcpu->run->exit_reason);
  return why;
}

const char *kvm_open(const char *device, struct vcpu *vcpus, int count) {
  const int kvm = open(device, O_RDWR | O_CLOEXEC);
  if (kvm < 0) return failed(device);
  const int vm = ioctl(kvm, KVM_CREATE_VM, 0);
  if (vm < 0) return failed("KVM_CREATE_VM");
  /* Three pages that some processors need and the guest must not use. */
  ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000ul);
  const char *problem = NULL;
  for (int i = 0; i < memory.count && !problem; i++) {
    const struct region *region = &memory.regions[i];
    problem = add_memory(vm, i, region->offset_bytes, region->host, region->size_bytes);
  }
  for (int i = 0; i < count && !problem; i++) {
    vcpus[i].number = i;
    problem = add_slot(vm, &vcpus[i]);
    if (!problem) problem = add_vcpu(kvm, vm, &vcpus[i]);
    if (!problem) problem = try_out(&vcpus[i]);
  }
  return problem;
}
