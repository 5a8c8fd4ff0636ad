#pragma once

#include <functional>
#include <memory>

#include "core/raw_line_source.h"
#include "store/query.h"

namespace rastro {

// What every query thread has for itself.
struct QueryTools {
  std::unique_ptr<StoreReader> store;
  std::unique_ptr<RawLineSource> lines;
  std::function<void()> refresh;  // before each question: the newest positions
};

}  // namespace rastro
