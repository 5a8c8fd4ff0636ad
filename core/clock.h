#pragma once

#include <chrono>

namespace rastro {

// All stamps in rastro: UTC, microseconds. Logs carry at most six digits of a second.
using Time = std::chrono::sys_time<std::chrono::microseconds>;
using Duration = std::chrono::microseconds;

// The only way to read the time. Tests use ManualClock.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time wall() const = 0;        // may jump
  virtual Duration steady() const = 0;  // since an arbitrary point; never goes back
};

class SystemClock final : public Clock {
 public:
  Time wall() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  }
  Duration steady() const override {
    return std::chrono::duration_cast<Duration>(
        std::chrono::steady_clock::now().time_since_epoch());
  }
};

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time wall) : wall_(wall) {}
  Time wall() const override { return wall_; }
  Duration steady() const override { return steady_; }
  void advance(Duration by) {
    wall_ += by;
    steady_ += by;
  }
  void jump_wall(Duration by) { wall_ += by; }

 private:
  Time wall_;
  Duration steady_{0};
};

}  // namespace rastro
