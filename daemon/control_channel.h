#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rastro {

// What a scan tells the program that started it: one JSON object a line on a descriptor it was
// given. Without one, problems and notes go to stderr and the rest nowhere. A reader that is gone
// is no error.
class ControlChannel {
 public:
  explicit ControlChannel(int descriptor) : descriptor_(descriptor) {}

  void progress(std::uint64_t bytes, std::uint64_t total_bytes, std::uint64_t lines);
  // The answer is incomplete because of it.
  void problem(std::string_view what);
  // Worth knowing; the answer is complete all the same.
  void note(std::string_view what);
  void socket(std::string_view path);

  bool had_problem() const { return had_problem_; }

 private:
  void write_line(const std::string& line);

  int descriptor_;
  bool had_problem_ = false;
};

}  // namespace rastro
