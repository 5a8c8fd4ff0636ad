#include "cli/event_stream.h"

namespace rastro::cli {

void EventStream::feed(std::string_view bytes,
                       const std::function<void(const StreamEvent&)>& on_event) {
  for (const char c : bytes) {
    const bool second_half = cr_ && c == '\n';
    cr_ = c == '\r';
    if (second_half) continue;
    if (c == '\r' || c == '\n') {
      line(rest_, on_event);
      rest_.clear();
    } else if (rest_.size() < kDataBytesMax) {
      rest_.push_back(c);
    } else {
      too_long_ = true;
    }
  }
}

void EventStream::line(std::string_view text,
                       const std::function<void(const StreamEvent&)>& on_event) {
  if (text.empty()) {
    if (has_data_ && !too_long_) on_event(event_);
    event_ = {};
    has_data_ = too_long_ = false;
    return;
  }
  const auto colon = text.find(':');
  const auto field = text.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") event_.name = value;
  if (field != "data") return;
  if (event_.data.size() + value.size() >= kDataBytesMax) {
    too_long_ = true;
    return;
  }
  if (has_data_) event_.data.push_back('\n');
  event_.data += value;
  has_data_ = true;
}

}  // namespace rastro::cli
