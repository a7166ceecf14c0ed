#pragma once

#include <memory>

#include "engine/layout_book.hpp"
#include "engine/past_layout.hpp"

namespace pagerd::engine {

// A layout book of an earlier engine, which this one goes on with, and what stands in it.
struct AdoptedBook {
  std::shared_ptr<LayoutBook> book;
  PastLayout past;
};

}  // namespace pagerd::engine
