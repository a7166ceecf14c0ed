#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pagerd::model {

// Every choice of one run in order, and the way from one run to the next: depth first through all
// that can be chosen. Nothing is undone: the next run starts anew and takes the same choices, but
// for the last that had another option left.
class Choices {
 public:
  // Which of so many options (two or more) is taken now.
  unsigned pick(unsigned options);

  // Call between runs. False when all have been run.
  bool advance();
  void forget();

  // As a command line has it, and back; what lies behind the given choices takes the first option.
  std::string text() const;
  void follow(const std::string &text);

 private:
  struct Choice {
    std::uint8_t taken;
    std::uint8_t options;  // 0: not known yet
  };

  std::vector<Choice> path_;
  std::size_t at_ = 0;
};

}  // namespace pagerd::model
