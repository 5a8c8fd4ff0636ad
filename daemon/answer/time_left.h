#pragma once

#include <atomic>

#include "core/clock.h"
#include "store/query.h"

namespace rastro {

// Of what is asked leg by leg, while the store itself is not at work. Borrows both.
class TimeLeft {
 public:
  TimeLeft(const QueryLimits& limits, const Clock& clock)
      : limits_(limits), clock_(clock), since_(clock.steady()) {}

  bool is_over() const {
    const bool late =
        limits_.deadline > Duration::zero() && clock_.steady() - since_ > limits_.deadline;
    return late || (limits_.stop_when != nullptr && limits_.stop_when->load());
  }

 private:
  const QueryLimits& limits_;
  const Clock& clock_;
  Duration since_;
};

}  // namespace rastro
