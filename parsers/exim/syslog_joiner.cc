#include "parsers/exim/syslog_joiner.h"

#include "parsers/scan.h"

namespace rastro {
namespace {

struct Part {
  std::size_t number = 0;
  std::size_t total = 0;
  bool line_end = false;
  std::string_view text;
};

// "[1/3] text". A pid is "[540] text", an address "[192.0.2.1] text": both lack the second number.
std::optional<Part> parse_part(std::string_view text) {
  Part part;
  if (!maybe_take(text, '[')) return std::nullopt;
  const auto number = maybe_take_number(text);
  if (!number) return std::nullopt;
  part.line_end = text.starts_with('\\');
  if (!part.line_end && !text.starts_with('/')) return std::nullopt;
  text.remove_prefix(1);
  const auto total = maybe_take_number(text);
  if (!total || !maybe_take(text, "] ")) return std::nullopt;
  if (*number == 0 || *number > *total || *total < 2 || *total > EximSyslogJoiner::kPartsMax) {
    return std::nullopt;
  }
  part.number = static_cast<std::size_t>(*number);
  part.total = static_cast<std::size_t>(*total);
  part.text = text;
  return part;
}

}  // namespace

bool EximSyslogJoiner::reset() {
  const bool was_waiting = is_waiting();
  if (was_waiting) ++lost_records_;
  next_ = 0;
  text_.clear();
  return was_waiting;
}

EximSyslogJoiner::State EximSyslogJoiner::add(std::string_view text) {
  const auto part = parse_part(text);
  if (!part) {
    reset();
    return State::whole;
  }
  if (part->number == 1) {
    reset();
    cut_ = false;
    line_end_ = false;
    total_ = part->total;
    text_.clear();
  } else if (part->number != next_ || part->total != total_) {
    if (!reset()) ++lost_records_;
    return State::lost;
  }
  if (line_end_ && text_.size() < kBytesMax) text_.push_back('\n');
  line_end_ = part->line_end;
  const auto room = kBytesMax - text_.size();
  cut_ = cut_ || part->text.size() > room;
  text_.append(part->text.substr(0, room));
  if (part->number < part->total) {
    next_ = part->number + 1;
    return State::waiting;
  }
  next_ = 0;
  return State::joined;
}

}  // namespace rastro
