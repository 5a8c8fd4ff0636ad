#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace rastro::bench {

// The same numbers from one seed on every machine, which std's distributions do not promise.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  // splitmix64
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t limit) { return next() % limit; }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low + 1)));
  }
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  bool chance(double probability) { return unit() < probability; }

 private:
  std::uint64_t state_;
};

// Ranks 0..count-1, rank r with a weight of 1/(r+1).
class Zipf {
 public:
  explicit Zipf(std::size_t count) : cumulative_(count) {
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i)
      cumulative_[i] = sum += 1.0 / static_cast<double>(i + 1);
  }
  std::size_t operator()(Random& random) const {
    const auto at = std::upper_bound(cumulative_.begin(), cumulative_.end(),
                                     random.unit() * cumulative_.back());
    return std::min(static_cast<std::size_t>(at - cumulative_.begin()), cumulative_.size() - 1);
  }

 private:
  std::vector<double> cumulative_;
};

}  // namespace rastro::bench
