#pragma once

#include <cstdint>
#include <string>

// One file here is one claim about the engine core; the program runs the one named on its command
// line and ends with status 0 only when it held.
namespace pagerd::test {

// Registers a claim under its file's name. Made as a static object by CLAIM.
class Claim {
 public:
  Claim(const char *name, void (*prove)());

  const char *name;
  void (*prove)();
  Claim *next;
};

// Says what did not hold and ends the process at once: other threads may be blocked in faults.
[[noreturn]] void fail(const char *claim, const char *file, int line);
void expect_equal(std::uint64_t found, std::uint64_t wanted, const char *what, const char *file,
                  int line);
void expect_text(const std::string &found, const std::string &wanted, const char *file, int line);

}  // namespace pagerd::test

#define CLAIM(name)                                                         \
  static void name();                                                       \
  static const ::pagerd::test::Claim claim_of_##name{#name, name};          \
  static void name()

#define EXPECT(claim) \
  (static_cast<bool>(claim) ? void(0) : ::pagerd::test::fail(#claim, __FILE__, __LINE__))
#define EXPECT_EQUAL(found, wanted) \
  ::pagerd::test::expect_equal(found, wanted, #found, __FILE__, __LINE__)
// A text that contains the wanted one; for "" an empty one.
#define EXPECT_TEXT(found, wanted) \
  ::pagerd::test::expect_text(found, wanted, __FILE__, __LINE__)
