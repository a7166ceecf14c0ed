/* A vCPU: moves words of guest memory, on its own thread. Which of the two ways it has, KVM or the
   thread itself, was decided when the VM was made. */
#ifndef PAGERD_VMM_VCPU_H
#define PAGERD_VMM_VCPU_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

#include "test/vmm/program/guest.h"

/* How a move failed. Bytes that a failed read brought mean nothing. */
enum failure {
  failure_none,
  failure_mmio,         /* KVM found no memory there: a poisoned page, on some machines */
  failure_bad_address,  /* KVM_RUN: EFAULT */
  failure_memory_fault, /* KVM_EXIT_MEMORY_FAULT */
  failure_sigbus,       /* a poisoned page */
  failure_other_exit,   /* an exit that no move can cause: a VM that cannot go on */
};

extern const char *const failure_names[];

struct vcpu {
  int number;
  struct slot *slot;
  uint8_t failures[moves_max]; /* enum failure of each move */
  int fd;                      /* -1: plain */
  struct kvm_run *run;
  uint64_t interruptions; /* of KVM_RUN, by signals */
};

/* Makes the VM: guest memory, slots, vCPUs, and a first move within a slot as a trial. NULL, or
   why the device cannot be used here. */
const char *kvm_open(const char *device, struct vcpu *vcpus, int count);

/* Slots for vCPUs without KVM. */
void plain_open(struct vcpu *vcpus, int count);

/* Catches SIGBUS, which says that a page is poisoned, on whatever thread touches one. */
void catch_sigbus(void);

/* Carries out the first `count` moves of the slot, from 1 on, and notes which failed. */
void vcpu_move(struct vcpu *vcpu, uint32_t count);

/* The two ways. */
void kvm_move(struct vcpu *vcpu, uint32_t first, uint32_t end);
void plain_move(struct vcpu *vcpu, uint32_t first, uint32_t end);

/* Copies in this thread; false when a page on the way is poisoned. */
bool copy_guarded(void *to, const void *from, uint64_t length_bytes);
/* Whether SIGBUS came to this thread since the last call, while it was in KVM_RUN. */
bool take_sigbus(void);

#endif
