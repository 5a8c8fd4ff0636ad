#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace rastro::cli {

struct StreamEvent {
  std::string name = "message";
  std::string data;
};

// Server-sent events (WHATWG HTML 9.2.6) out of bytes as they come. Comments and retry are read
// over. An event of more than kDataBytesMax is dropped whole.
class EventStream {
 public:
  static constexpr std::size_t kDataBytesMax = 64 << 20;
  void feed(std::string_view bytes, const std::function<void(const StreamEvent&)>& on_event);

 private:
  void line(std::string_view text, const std::function<void(const StreamEvent&)>& on_event);

  std::string rest_;  // the unfinished last line
  bool cr_ = false;   // the last byte was a CR: an LF right behind it belongs to it
  StreamEvent event_;
  bool has_data_ = false;
  bool too_long_ = false;
};

}  // namespace rastro::cli
