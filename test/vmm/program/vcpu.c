/* Runs a vCPU over its moves, whatever KVM answers. */
#include "test/vmm/program/vcpu.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include "test/vmm/program/answer.h"

/* Newer than some systems' headers. */
enum { exit_memory_fault = 39 };

const char *const failure_names[] = {
    [failure_none] = "none",
    [failure_mmio] = "KVM_EXIT_MMIO",
    [failure_bad_address] = "KVM_RUN: EFAULT",
    [failure_memory_fault] = "KVM_EXIT_MEMORY_FAULT",
    [failure_sigbus] = "SIGBUS",
    [failure_other_exit] = "an exit of KVM_RUN that no move can cause",
};

static void begin_at(struct vcpu *vcpu, uint32_t first, uint32_t end) {
  const uint32_t base = slot_base(vcpu->number);
  struct kvm_regs registers = {
      .rip = base,
      .rsp = base + offsetof(struct slot, moves) + first * sizeof vcpu->slot->moves[0],
      .rcx = end - first,
      .rflags = 2,
  };
  if (ioctl(vcpu->fd, KVM_SET_REGS, &registers) != 0) die_errno("KVM_SET_REGS");
}

static uint32_t stopped_at(struct vcpu *vcpu, uint32_t end) {
  struct kvm_regs registers;
  if (ioctl(vcpu->fd, KVM_GET_REGS, &registers) != 0) die_errno("KVM_GET_REGS");
  return end - (uint32_t)registers.rcx;
}

/* What the end of one KVM_RUN says about the move that it was at. */
static enum failure judge(const struct vcpu *vcpu, int result, int error) {
  if (take_sigbus()) return failure_sigbus;
  const uint32_t exit = vcpu->run->exit_reason;
  if (result < 0 && error == EINTR) return failure_none;
  if (exit == exit_memory_fault) return failure_memory_fault;
  if (result < 0) {
    return error == EFAULT ? failure_bad_address
           : error == EHWPOISON ? failure_sigbus : failure_other_exit;
  }
  if (exit == KVM_EXIT_HLT || exit == KVM_EXIT_INTR) return failure_none;
  return exit == KVM_EXIT_MMIO ? failure_mmio : failure_other_exit;
}

/* An unfinished access to a device that is not there has to end before registers can be set: the
   guest's instruction completes with what we say it read, which nobody looks at. */
static void finish_mmio(struct vcpu *vcpu) {
  memset(vcpu->run->mmio.data, 0, sizeof vcpu->run->mmio.data);
  vcpu->run->immediate_exit = 1;
  ioctl(vcpu->fd, KVM_RUN, 0);
  vcpu->run->immediate_exit = 0;
}

void kvm_move(struct vcpu *vcpu, uint32_t first, uint32_t end) {
  begin_at(vcpu, first, end);
  for (;;) {
    const int result = ioctl(vcpu->fd, KVM_RUN, 0);
    const int error = errno;
    if (result < 0 && error == EINTR) vcpu->interruptions++;
    const enum failure failure = judge(vcpu, result, error);
    if (failure == failure_none && result == 0 && vcpu->run->exit_reason == KVM_EXIT_HLT) return;
    if (failure == failure_none) continue;
    if (failure == failure_mmio) finish_mmio(vcpu);
    const uint32_t failed = stopped_at(vcpu, end);
    vcpu->failures[failed] = (uint8_t)failure;
    if (failed + 1 >= end) return;
    begin_at(vcpu, failed + 1, end);
  }
}

void vcpu_move(struct vcpu *vcpu, uint32_t count) {
  memset(vcpu->failures, failure_none, count);
  if (vcpu->fd < 0) {
    plain_move(vcpu, 0, count);
  } else {
    kvm_move(vcpu, 0, count);
  }
}
