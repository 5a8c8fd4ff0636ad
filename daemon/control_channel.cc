#include "daemon/control_channel.h"

#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>

namespace rastro {

void ControlChannel::write_line(const std::string& line) {
  if (descriptor_ < 0) return;
  std::string_view left = line;
  while (!left.empty()) {
    const auto wrote = write(descriptor_, left.data(), left.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;
    left.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

void ControlChannel::progress(std::uint64_t bytes, std::uint64_t total_bytes, std::uint64_t lines) {
  write_line(boost::json::serialize(boost::json::object{
                 {"bytes", bytes}, {"total_bytes", total_bytes}, {"lines", lines}}) +
             "\n");
}

void ControlChannel::problem(std::string_view what) {
  had_problem_ = true;
  if (descriptor_ < 0) {
    std::fprintf(stderr, "rastrod: %.*s\n", static_cast<int>(what.size()), what.data());
    return;
  }
  write_line(boost::json::serialize(boost::json::object{{"problem", what}}) + "\n");
}

void ControlChannel::note(std::string_view what) {
  if (descriptor_ < 0) {
    std::fprintf(stderr, "rastrod: %.*s\n", static_cast<int>(what.size()), what.data());
    return;
  }
  write_line(boost::json::serialize(boost::json::object{{"note", what}}) + "\n");
}

void ControlChannel::socket(std::string_view path) {
  write_line(boost::json::serialize(boost::json::object{{"socket", path}}) + "\n");
}

}  // namespace rastro
