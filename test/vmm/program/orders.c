#include "test/vmm/program/orders.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/vmm/program/answer.h"
#include "test/vmm/program/crew.h"
#include "test/vmm/program/handshake.h"
#include "test/vmm/program/pages.h"

static bool is_resumed;
/* Of all orders for the guest so far. */
static struct tally total;
static uint64_t total_ns;
static char begun[16]; /* the name of the order that vCPUs run */

static bool take_apart(char *line, struct order *order) {
  char *rest;
  order->name = strtok_r(line, " \n", &rest);
  for (char *word; (word = strtok_r(NULL, " \n", &rest)) != NULL;) {
    char *end;
    errno = 0;
    if (order->count == words_max) return false;
    order->numbers[order->count++] = strtoull(word, &end, 0);
    if (errno != 0 || *end != 0) return false;
  }
  return order->name != NULL;
}

static void refuse(const char *name, const char *why) {
  answer_begin(name, "refused");
  answer_text("why", why);
  answer_end();
}

static void tell_latencies(const struct latencies *latencies) {
  if (latencies->count == 0) {
    answer_raw("latency_ns", "null");
    return;
  }
  answer_open("latency_ns", '{');
  answer_number("p50", latencies_at(latencies, 500));
  answer_number("p99", latencies_at(latencies, 990));
  answer_number("max", latencies->max_ns);
  answer_close('}');
}

static void tell_tally(const struct tally *tally, uint64_t took_ns) {
  answer_number("accesses", tally->accesses);
  answer_number("writes", tally->writes);
  answer_number("wrong", tally->wrong);
  answer_number("failed", tally->failed);
  if (tally->wrong > 0) {
    answer_open("first_wrong", '{');
    answer_hex("address", tally->first_wrong.address);
    answer_hex("found", tally->first_wrong.found);
    answer_hex("wanted", tally->first_wrong.wanted);
    answer_close('}');
  }
  if (tally->failed > 0) {
    answer_open("first_failed", '{');
    answer_hex("address", tally->first_failed.address);
    answer_text("how", failure_names[tally->first_failed.how]);
    answer_close('}');
  }
  answer_number("took_ns", took_ns);
  tell_latencies(&tally->latencies);
}

/* Waits for the vCPUs and says what came of their order. */
static void tell_work(void) {
  static struct tally tally;
  uint64_t took_ns;
  crew_finish(&tally, &took_ns);
  tally_merge(&total, &tally);
  total_ns += took_ns;
  answer_begin(begun, "done");
  tell_tally(&tally, took_ns);
  answer_end();
}

static const char *why_no_work(void) {
  if (!is_resumed) return "the guest is paused: resume it first";
  if (crew_is_busy()) return "the vCPUs run an order: wait for it first";
  return pages_are_known() ? NULL : "there is no --image to compare with";
}

/* Whether it was an order for the guest. */
static bool obey_guest_order(const struct order *order, bool is_background) {
  const char *why = why_no_work();
  if (why) {
    refuse(order->name, why);
    return true;
  }
  if (!plan_order(order, &why)) return false;
  if (why) {
    refuse(order->name, why);
    return true;
  }
  snprintf(begun, sizeof begun, "%s", order->name);
  crew_begin();
  if (!is_background) {
    tell_work();
    return true;
  }
  answer_begin(begun, "started");
  answer_end();
  return true;
}

static void stat_vm(void) {
  answer_begin("stat", "done");
  answer_number("pages", pages_count());
  answer_number("touched", pages_touched());
  answer_text("guest", is_resumed ? "resumed" : "paused");
  if (!crew_is_busy()) answer_number("interruptions", crew_interruptions());
  tell_tally(&total, total_ns);
  answer_end();
}

static bool obey_life_order(const struct order *order) {
  const char *name = order->name;
  if (strcmp(name, "kick") == 0 && order->count == 1) {
    crew_kick(order->numbers[0]);
    answer_begin(name, "done");
    answer_end();
    return true;
  }
  if (strcmp(name, "chatter") == 0 && order->count == 1) {
    const uint64_t sent = handshake_chatter(order->numbers[0]);
    answer_begin(name, "done");
    answer_number("sent", sent);
    answer_end();
    return true;
  }
  if (strcmp(name, "wait") == 0) {
    if (crew_is_busy()) {
      tell_work();
    } else {
      refuse(name, "the vCPUs run no order");
    }
    return true;
  }
  if (strcmp(name, "stat") == 0) {
    stat_vm();
    return true;
  }
  if (strcmp(name, "resume") != 0 && strcmp(name, "pause") != 0) return false;
  if (crew_is_busy()) {
    refuse(name, "the vCPUs run an order: wait for it first");
    return true;
  }
  is_resumed = strcmp(name, "resume") == 0;
  answer_begin(name, "done");
  answer_end();
  return true;
}

/* Host orders go on beside a guest that reads: what it may find meanwhile is known. */
static void obey_order(const struct order *order) {
  const char *why = NULL;
  if (obey_life_order(order)) return;
  if (is_host_order(order) && crew_is_busy() && plan_writes()) {
    refuse(order->name, "the guest writes meanwhile: nobody could say what is right then");
  } else if (obey_host_order(order, &why)) {
    if (why) {
      refuse(order->name, why);
    } else {
      answer_end();
    }
  } else if (!obey_guest_order(order, false)) {
    refuse(order->name, "there is no such order, or not with so many numbers");
  }
}

void obey(const struct options *options) {
  static char line[256];
  is_resumed = options->is_resumed_now;
  while (fgets(line, sizeof line, stdin)) {
    struct order order = {0};
    const bool is_background = strncmp(line, "start ", 6) == 0;
    if (!take_apart(line + (is_background ? 6 : 0), &order)) {
      refuse("?", "wanted is a word, and numbers");
    } else if (strcmp(order.name, "quit") == 0) {
      return;
    } else if (!is_background) {
      obey_order(&order);
    } else if (!obey_guest_order(&order, true)) {
      refuse(order.name, "only orders for the guest can be started");
    }
  }
}
