#include "choices.hpp"

#include "failure.hpp"

namespace pagerd::model {

namespace {

constexpr unsigned options_max = 26;

}  // namespace

unsigned Choices::pick(unsigned options) {
  if (options < 2 || options > options_max) fail("a choice of " + std::to_string(options));
  if (at_ == path_.size()) path_.push_back({0, 0});
  Choice &choice = path_[at_++];
  if (choice.options == 0) choice.options = static_cast<std::uint8_t>(options);
  // Something besides the choices decides what happens: then nothing is proved.
  if (choice.options != options || choice.taken >= options) {
    fail("a run taken again has " + std::to_string(options) + " options where it had " +
         std::to_string(choice.options));
  }
  return choice.taken;
}

bool Choices::advance() {
  if (at_ < path_.size()) fail("a run taken again is over before its last choice");
  at_ = 0;
  while (!path_.empty() && path_.back().taken + 1u >= path_.back().options) path_.pop_back();
  if (path_.empty()) return false;
  ++path_.back().taken;
  return true;
}

void Choices::forget() {
  path_.clear();
  at_ = 0;
}

std::string Choices::text() const {
  std::string text;
  for (std::size_t i = 0; i < at_; ++i) text += static_cast<char>('a' + path_[i].taken);
  while (!text.empty() && text.back() == 'a') text.pop_back();
  return text.empty() ? "a" : text;
}

void Choices::follow(const std::string &text) {
  forget();
  for (const char letter : text) path_.push_back({static_cast<std::uint8_t>(letter - 'a'), 0});
}

}  // namespace pagerd::model
