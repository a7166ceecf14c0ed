#include "claim.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace pagerd::test {

namespace {

// A claim that takes longer has lost a fault: the default action of SIGALRM ends it.
constexpr unsigned claim_seconds_max = 60;

Claim *first_claim = nullptr;

}  // namespace

Claim::Claim(const char *name, void (*prove)()) : name(name), prove(prove), next(first_claim) {
  first_claim = this;
}

void fail(const char *claim, const char *file, int line) {
  std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, claim);
  std::fflush(nullptr);
  ::_exit(1);
}

void expect_equal(std::uint64_t found, std::uint64_t wanted, const char *what, const char *file,
                  int line) {
  if (found == wanted) return;
  std::fprintf(stderr, "%s is %llu, not %llu\n", what, static_cast<unsigned long long>(found),
               static_cast<unsigned long long>(wanted));
  fail(what, file, line);
}

void expect_text(const std::string &found, const std::string &wanted, const char *file, int line) {
  const bool is_it = wanted.empty() ? found.empty() : found.find(wanted) != std::string::npos;
  if (!is_it) fail(("\"" + found + "\" is like \"" + wanted + "\"").c_str(), file, line);
}

}  // namespace pagerd::test

int main(int count, char **words) {
  using pagerd::test::Claim;
  for (const Claim *claim = pagerd::test::first_claim; claim != nullptr; claim = claim->next) {
    if (count != 2 || std::strcmp(claim->name, words[1]) != 0) continue;
    ::alarm(pagerd::test::claim_seconds_max);
    claim->prove();
    return 0;
  }
  std::fprintf(stderr, "no claim is named so\n");
  return 2;
}
