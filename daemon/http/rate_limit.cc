#include "daemon/http/rate_limit.h"

#include <algorithm>

namespace rastro {

bool RateLimit::admit(uid_t uid, Duration now) {
  if (per_second_ <= 0) return true;
  const double most = std::max(1.0, 2 * per_second_);
  auto found = buckets_.find(uid);
  if (found == buckets_.end()) {
    // Whoever was silent for two seconds has a full bucket, kept or not.
    if (buckets_.size() >= kUsersMax)
      std::erase_if(buckets_,
                    [&](const auto& one) { return now - one.second.at > std::chrono::seconds(2); });
    if (buckets_.size() >= kUsersMax) return false;
    found = buckets_.emplace(uid, Bucket{most, now}).first;
  }
  auto& bucket = found->second;
  const std::chrono::duration<double> passed = now - bucket.at;
  bucket.tokens = std::min(most, bucket.tokens + passed.count() * per_second_);
  bucket.at = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

}  // namespace rastro
