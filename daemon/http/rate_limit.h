#pragma once

#include <sys/types.h>

#include <map>

#include "core/clock.h"

namespace rastro {

// Questions per second of each user: a bucket that holds two seconds' worth.
class RateLimit {
 public:
  static constexpr std::size_t kUsersMax = 1000;
  explicit RateLimit(double per_second) : per_second_(per_second) {}
  bool admit(uid_t uid, Duration now);

 private:
  struct Bucket {
    double tokens = 0;
    Duration at{0};
  };
  double per_second_;  // 0: no limit
  std::map<uid_t, Bucket> buckets_;
};

}  // namespace rastro
