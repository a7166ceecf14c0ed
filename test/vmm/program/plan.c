#include "test/vmm/program/plan.h"

#include <stdlib.h>

#include "test/vmm/program/answer.h"
#include "test/vmm/program/memory.h"
#include "test/vmm/program/pages.h"

static void add(struct plan *plan, struct access access) {
  if (plan->count == plan->room) {
    plan->room = plan->room * 2 + 1024;
    plan->accesses = realloc(plan->accesses, plan->room * sizeof *plan->accesses);
    if (!plan->accesses) die("no memory for a plan of %zu accesses", plan->room);
  }
  plan->accesses[plan->count++] = access;
}

void plan_read(struct plan *plan, uint64_t page, uint32_t offset) {
  add(plan, (struct access){.page = page, .offset = offset});
}

void plan_write(struct plan *plan, uint64_t page, uint64_t value) {
  add(plan, (struct access){page, value, pages_written_offset(page)});
}

void plan_free(struct plan *plan) {
  free(plan->accesses);
  *plan = (struct plan){0};
}

static uint64_t address_of(const struct access *access) {
  return access->page * memory.page_bytes + access->offset;
}

/* What was right when the guest was told to read. */
struct expectation {
  uint64_t wanted;
  uint32_t removals;
};

static void prepare(const struct access *access, struct vcpu *vcpu, uint32_t i,
                    struct expectation *expected) {
  struct slot *slot = vcpu->slot;
  const uint32_t guest = (uint32_t)address_of(access);
  const uint32_t word =
      slot_base(vcpu->number) + (uint32_t)offsetof(struct slot, words) + i * sizeof(uint64_t);
  slot->words[i] = access->value;
  slot->moves[i].from = access->value ? word : guest;
  slot->moves[i].to = access->value ? guest : word;
  /* In this order: a removal in between then counts as one that came later. */
  expected->removals = pages_removals(access->page);
  expected->wanted = pages_wanted(access->page, access->offset);
  if (access->value) pages_wrote(access->page, access->value);
  pages_touch(access->page);
}

static void judge(const struct access *access, const struct vcpu *vcpu, uint32_t i,
                  const struct expectation *expected, struct tally *tally) {
  tally->accesses++;
  tally->writes += access->value != 0;
  const enum failure failure = vcpu->failures[i];
  if (failure != failure_none) {
    if (tally->failed++ > 0) return;
    tally->first_failed.address = address_of(access);
    tally->first_failed.how = failure;
    return;
  }
  const uint64_t found = vcpu->slot->words[i];
  if (access->value) return;
  if (pages_allow(access->page, found, expected->wanted, expected->removals)) return;
  if (tally->wrong++ > 0) return;
  tally->first_wrong.address = address_of(access);
  tally->first_wrong.found = found;
  tally->first_wrong.wanted = expected->wanted;
}

void plan_run(const struct plan *plan, struct vcpu *vcpu, bool is_stepped, struct tally *tally) {
  static _Thread_local struct expectation expected[moves_max];
  const size_t batch_max = is_stepped ? 1 : moves_max;
  for (size_t start = 0; start < plan->count; start += batch_max) {
    const size_t rest = plan->count - start;
    const uint32_t count = (uint32_t)(rest < batch_max ? rest : batch_max);
    const struct access *accesses = &plan->accesses[start];
    for (uint32_t i = 0; i < count; i++) prepare(&accesses[i], vcpu, i, &expected[i]);
    const uint64_t started_ns = now_ns();
    vcpu_move(vcpu, count);
    if (is_stepped) latencies_add(&tally->latencies, now_ns() - started_ns);
    for (uint32_t i = 0; i < count; i++) judge(&accesses[i], vcpu, i, &expected[i], tally);
  }
}

void tally_merge(struct tally *into, const struct tally *from) {
  if (into->wrong == 0) into->first_wrong = from->first_wrong;
  if (into->failed == 0) into->first_failed = from->first_failed;
  into->accesses += from->accesses;
  into->writes += from->writes;
  into->wrong += from->wrong;
  into->failed += from->failed;
  latencies_merge(&into->latencies, &from->latencies);
}
